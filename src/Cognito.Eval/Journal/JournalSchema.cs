using Cognito.Eval.Files;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Cognito.Eval.Journal;

/// <summary>What a journal's database may hold, and how much it may make SQLite do: it may be anybody's.</summary>
/// <remarks>
/// An SQLite file may bring code of a kind: views, triggers, generated columns, tables of modules. So a database that holds
/// anything but our two tables, word for word, is no journal, and nothing is asked of it.
/// </remarks>
internal static class JournalSchema
{
    private const int Version = 2;

    /// <summary>Longest text or row in bytes: a batch's answers with the routing of many tasks are some MiB.</summary>
    private const int MostText = 64 << 20;

    /// <summary>A statement of ours is short; a table of ours has five columns.</summary>
    private const int MostSql = 10_000, MostColumns = 16;

    /// <summary>SQLite asks after so many steps of its machine whether to go on.</summary>
    private const int StepsBetween = 10_000;

    /// <summary>Reading and checking take less than a step a byte.</summary>
    private const long StepsForAny = 5_000_000, StepsForEach = 20;

    private const string Facts =
        "CREATE TABLE facts (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID";

    private const string Answers =
        "CREATE TABLE answers (key TEXT NOT NULL PRIMARY KEY, asked TEXT NOT NULL, requests INTEGER NOT NULL, "
        + "replies TEXT NOT NULL, checksum TEXT NOT NULL) STRICT, WITHOUT ROWID";

    /// <summary>Takes from SQLite what a journal does not need, before the first look into the file.</summary>
    /// <param name="bytes">The file's length, which bounds the work.</param>
    public static void Restrain(SqliteConnection connection, long bytes)
    {
        var db = connection.Handle!;
        raw.sqlite3_limit(db, raw.SQLITE_LIMIT_LENGTH, MostText);
        raw.sqlite3_limit(db, raw.SQLITE_LIMIT_SQL_LENGTH, MostSql);
        raw.sqlite3_limit(db, raw.SQLITE_LIMIT_COLUMN, MostColumns);
        raw.sqlite3_limit(db, raw.SQLITE_LIMIT_ATTACHED, 0);
        raw.sqlite3_limit(db, raw.SQLITE_LIMIT_TRIGGER_DEPTH, 1);
        foreach (var (setting, value) in ((int, int)[])[
            (raw.SQLITE_DBCONFIG_DEFENSIVE, 1), (raw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0),
            (raw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 0), (raw.SQLITE_DBCONFIG_ENABLE_VIEW, 0)])
            raw.sqlite3_db_config(db, setting, value, out _);
        var asked = 0L;
        var most = (StepsForAny + StepsForEach * bytes) / StepsBetween;
        raw.sqlite3_progress_handler(db, StepsBetween, _ => ++asked > most ? 1 : 0, null);
        Run(connection, "PRAGMA cell_size_check = ON");
    }

    /// <summary>From here on the database is ours and sound: writing it is not counted.</summary>
    public static void Release(SqliteConnection connection) =>
        raw.sqlite3_progress_handler(connection.Handle!, 0, null, null);

    /// <summary>Whether the tables of ours are there and nothing else; false where nothing is there at all.</summary>
    /// <exception cref="SqliteException">Corrupt: something else is there.</exception>
    public static bool IsMade(SqliteConnection connection)
    {
        var found = new List<string>();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT type, name, tbl_name, sql FROM sqlite_schema";
        using var rows = command.ExecuteReader();
        while (rows.Read())
        {
            var (type, name, table, sql) = (rows.GetValue(0), rows.GetValue(1), rows.GetValue(2), rows.GetValue(3));
            if (type is not "table" || !Equals(name, table) || sql is not string made || found.Count > 1)
                throw Foreign($"it holds {(type is string ? Printable.Line($"a {type} {name}") : "what is no table")}");
            found.Add(Plain(made));
        }
        return found.Count != 0 && (found.Order(StringComparer.Ordinal).SequenceEqual([Answers, Facts])
            ? true : throw Foreign(IsOfThisVersion(connection) ? "its tables are others than a journal has" : Other));
    }

    /// <summary>The text with one space between words, since builds broke the same statements over other lines.</summary>
    private static string Plain(string sql) => string.Join(' ', sql.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        .Replace("( ", "(", StringComparison.Ordinal).Replace(" )", ")", StringComparison.Ordinal);

    /// <summary>Makes the tables, in one transaction.</summary>
    public static void Make(SqliteConnection connection) =>
        Run(connection, $"BEGIN EXCLUSIVE; {Facts}; {Answers}; PRAGMA user_version = {Version}; COMMIT");

    /// <summary>A journal of broken structure, or of another version, is found out now, not in the middle of a run.</summary>
    /// <exception cref="SqliteException">Corrupt.</exception>
    public static void RequireSound(SqliteConnection connection)
    {
        if (!IsOfThisVersion(connection))
            throw Foreign(Other);
        if (Scalar(connection, "PRAGMA quick_check(1)") is not "ok")
            throw Foreign("its pages do not fit together");
    }

    private const string Other = "it is of another version of the program";

    /// <summary>0: a process that made the tables ended before it said so, as older builds could.</summary>
    private static bool IsOfThisVersion(SqliteConnection connection) => Scalar(connection, "PRAGMA user_version") is 0L or (long)Version;

    public static void Run(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <summary>What went wrong, in words, whether SQLite or the system says it.</summary>
    public static string FactOf(Exception e) => e is SqliteException sqlite ? Fact(sqlite) : Files.Fact.Of(e);

    /// <summary>https://sqlite.org/rescode.html, in words.</summary>
    public static string Fact(SqliteException e) => e.SqliteErrorCode switch
    {
        _ when e is ForeignJournalException => e.Message,
        raw.SQLITE_FULL => "the disk is full",
        raw.SQLITE_IOERR => "the disk reports an error",
        raw.SQLITE_READONLY => "it may not be written, or was removed meanwhile",
        raw.SQLITE_CANTOPEN => "it cannot be opened",
        raw.SQLITE_PERM or raw.SQLITE_AUTH => "permission denied",
        raw.SQLITE_NOTADB => "it is no SQLite file",
        raw.SQLITE_CORRUPT => "it is damaged",
        raw.SQLITE_INTERRUPT => "it makes more work than its size explains",
        raw.SQLITE_TOOBIG => "it holds a text that is too long",
        raw.SQLITE_BUSY or raw.SQLITE_LOCKED => "another process is at work on it",
        raw.SQLITE_NOMEM => "memory ran out",
        _ => "it is no journal of this program",
    };

    /// <summary>Whether the file itself is at fault, and not the disk or another process.</summary>
    public static bool IsUnusable(SqliteException e) => e.SqliteErrorCode is not (
        raw.SQLITE_FULL or raw.SQLITE_IOERR or raw.SQLITE_READONLY or raw.SQLITE_CANTOPEN or raw.SQLITE_PERM or raw.SQLITE_AUTH
        or raw.SQLITE_BUSY or raw.SQLITE_LOCKED or raw.SQLITE_NOMEM or raw.SQLITE_PROTOCOL);

    private static object? Scalar(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    private static ForeignJournalException Foreign(string fact) => new(fact);
}

/// <summary>A database that is no journal, or no sound one; the message says why.</summary>
internal sealed class ForeignJournalException(string fact) : SqliteException(fact, raw.SQLITE_CORRUPT);
