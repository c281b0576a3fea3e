using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Cognito.Eval;

/// <summary>A journal on disk: an SQLite database that one process writes.</summary>
/// <remarks>
/// The write-ahead log makes a commit whole or absent, whatever ends the process. Exclusive locking needs no memory
/// shared between processes, so that a network's file system will do, and tells a second process apart. Every commit is
/// flushed to the disk (synchronous=FULL): there is one a second at most, on a thread of its own.
/// </remarks>
internal sealed class JournalFile : IDisposable
{
    public const string Name = "journal.sqlite";
    private const int Version = 1, Busy = 5, Locked = 6, Corrupt = 11, NoDatabase = 26;
    private readonly SqliteConnection _connection;

    private JournalFile(string path, SqliteConnection connection) => (Path, _connection) = (path, connection);

    public string Path { get; }

    /// <summary>Where one that could not be read was put; null if there was none.</summary>
    public string? WasSetAside { get; private init; }

    /// <summary>Opens a journal to write, and makes it if it is not there.</summary>
    /// <exception cref="InputException">Another process has it open, or it cannot be written.</exception>
    public static JournalFile Open(string path) => Open(path, aside: null);

    private static JournalFile Open(string path, string? aside)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Pooling = false,
            DefaultTimeout = 1,
        }.ToString());
        try
        {
            connection.Open();
            Run(connection, "PRAGMA locking_mode = EXCLUSIVE");
            Run(connection, "PRAGMA journal_mode = WAL");
            Run(connection, "PRAGMA synchronous = FULL");
            Run(connection, """
                BEGIN EXCLUSIVE;
                CREATE TABLE IF NOT EXISTS facts (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
                CREATE TABLE IF NOT EXISTS answers (
                    stage TEXT NOT NULL, batch INTEGER NOT NULL, asked TEXT NOT NULL, requests INTEGER NOT NULL,
                    replies TEXT NOT NULL, checksum TEXT NOT NULL, PRIMARY KEY (stage, batch)) STRICT, WITHOUT ROWID;
                COMMIT
                """);
            Run(connection, $"PRAGMA user_version = {Version}");
            RequireSound(connection);
            return new(path, connection) { WasSetAside = aside };
        }
        catch (SqliteException e)
        {
            connection.Dispose();
            if (e.SqliteErrorCode is Busy or Locked)
                throw new InputException(
                    $"{System.IO.Path.GetDirectoryName(path)}: another process is at work on this run; wait for it or stop "
                    + "it, or start another run with --fresh", e);
            if (e.SqliteErrorCode is not (Corrupt or NoDatabase) || aside is not null)
                throw Failed(path, e);
            // What it held cannot be trusted, and must not stand in the way.
            return Open(path, SetAside(path));
        }
    }

    /// <summary>All that a journal holds, read from a copy, so that a process at work on it is not disturbed.</summary>
    public static (Dictionary<string, string> Facts, List<Entry> Entries, int Damaged) Read(string path)
    {
        var folder = Directory.CreateTempSubdirectory("cognito-eval-");
        try
        {
            var copy = System.IO.Path.Combine(folder.FullName, Name);
            foreach (var suffix in (string[])["", "-wal"])
                if (File.Exists(path + suffix))
                    Copy(path + suffix, copy + suffix);
            using var file = Open(copy);
            var (entries, damaged) = file.Entries();
            return (file.Facts(), entries, damaged);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"{path}: cannot be read ({Fact.Of(e)}); check its permissions", e);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    public Dictionary<string, string> Facts()
    {
        using var command = Command("SELECT name, value FROM facts");
        using var rows = command.ExecuteReader();
        var facts = new Dictionary<string, string>();
        while (rows.Read())
            facts[rows.GetString(0)] = rows.GetString(1);
        return facts;
    }

    /// <summary>The entries whose checksum is right, and how many others there are.</summary>
    public (List<Entry> Entries, int Damaged) Entries()
    {
        using var command = Command("SELECT stage, batch, asked, requests, replies, checksum FROM answers ORDER BY stage, batch");
        using var rows = command.ExecuteReader();
        var (entries, damaged) = (new List<Entry>(), 0);
        while (rows.Read())
        {
            var entry = new Entry(rows.GetString(0), rows.GetInt32(1), rows.GetString(2), rows.GetInt32(3), rows.GetString(4));
            if (entry.Checksum == rows.GetString(5))
                entries.Add(entry);
            else
                damaged++;
        }
        return (entries, damaged);
    }

    /// <summary>Writes facts and entries in one transaction.</summary>
    public void Commit(IReadOnlyDictionary<string, string> facts, IEnumerable<Entry> entries) => Guarded(() =>
    {
        using var transaction = _connection.BeginTransaction();
        foreach (var (name, value) in facts)
            Run("INSERT OR REPLACE INTO facts VALUES ($0, $1)", name, value);
        foreach (var entry in entries)
            Run("INSERT OR REPLACE INTO answers VALUES ($0, $1, $2, $3, $4, $5)",
                entry.Stage, entry.Batch, entry.Asked, entry.Requests, entry.Replies, entry.Checksum);
        transaction.Commit();
    });

    /// <summary>Forgets everything.</summary>
    public void Clear() => Guarded(() => Run("DELETE FROM answers; DELETE FROM facts"));

    public void Dispose()
    {
        try
        {
            // One plain file is left, which opens anywhere, also where nothing can be written.
            Run("PRAGMA journal_mode = DELETE");
        }
        catch (SqliteException)
        {
            // The log beside it is as good, and this may be the second failure in a row.
        }
        _connection.Dispose();
    }

    private void Guarded(Action work)
    {
        try
        {
            work();
        }
        catch (SqliteException e)
        {
            throw Failed(Path, e);
        }
    }

    private static JournalException Failed(string path, SqliteException e) =>
        new($"{path}: cannot be written ({Fact.Of(e)}); "
            + "see that the disk has room and the folder may be written", e);

    /// <summary>A journal of broken structure is found out now, not in the middle of a run.</summary>
    private static void RequireSound(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA quick_check(1)";
        if (command.ExecuteScalar() is not "ok")
            throw new SqliteException("not sound", Corrupt);
    }

    private static string SetAside(string path)
    {
        var aside = path + ".damaged";
        File.Move(path, aside, overwrite: true);
        foreach (var suffix in (string[])["-wal", "-shm", "-journal"])
            File.Delete(path + suffix);
        return aside;
    }

    private static void Copy(string from, string to)
    {
        using var source = new FileStream(from, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var target = File.Create(to);
        source.CopyTo(target);
    }

    private void Run(string sql, params object[] values)
    {
        using var command = Command(sql, values);
        command.ExecuteNonQuery();
    }

    private SqliteCommand Command(string sql, params object[] values)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        for (var i = 0; i < values.Length; i++)
            command.Parameters.AddWithValue("$" + i.ToString(CultureInfo.InvariantCulture), values[i]);
        return command;
    }

    private static void Run(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
