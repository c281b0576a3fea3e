using System.Collections.Concurrent;
using Cognito.Eval.Files;

namespace Cognito.Eval.Journal;

/// <summary>
/// A run's answers, kept on disk as they come, so that a run that ended early goes on where it stood.
/// </summary>
/// <remarks>
/// A thread of its own commits once a second. It commits nothing before it knows the hash of the weights that the answers
/// come from (<see cref="Confirm"/>), and nothing at all if the answers kept are those of other weights.
/// </remarks>
public sealed class AnswerJournal : IDisposable
{
    public const string FileName = JournalFile.Name;

    private const string WeightsFact = "weights_sha256", RequestsFact = "requests", NotFiniteFact = "not_finite_tensors";
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly JournalFile? _file;
    private readonly Dictionary<string, Entry> _kept = [];
    private readonly ConcurrentQueue<Entry> _fresh = [];
    private readonly ConcurrentDictionary<string, string> _facts = [];
    private readonly ManualResetEventSlim _stop = new();
    private readonly object _committing = new();
    private readonly Thread? _writer;
    private volatile Task<string>? _weights;
    private Dictionary<string, string> _known = [];
    private Exception? _failure;
    private bool _isDisposed;
    private long _keptRequests;

    private AnswerJournal(JournalFile? file, IEnumerable<Entry> entries)
    {
        _file = file;
        foreach (var entry in entries)
            Keep(entry);
        if (file is not null)
            (_writer = new(Write) { IsBackground = true, Name = "journal" }).Start();
    }

    /// <summary>Goes on with a folder's journal, or begins it.</summary>
    /// <exception cref="InputException">Another process has it open, or it cannot be written.</exception>
    public static AnswerJournal Open(string folder)
    {
        var path = Path.Combine(folder, JournalFile.Name);
        if (RegularFile.Exists(path) && RegularFile.Fault(path) is { } fault)
            throw new InputException($"{path}: {fault}; {FileKind.Journal.Fix}");
        var file = JournalFile.Open(path);
        var (entries, damaged) = file.Entries();
        return new(file, entries) { _known = file.Facts(), Damaged = damaged };
    }

    /// <summary>Answers in memory alone, such as those of several shards together.</summary>
    public static AnswerJournal FromEntries(IEnumerable<Entry> entries) => new(null, entries);

    /// <summary>Looks into a folder's journal without disturbing a process at work on it; null where there is none.</summary>
    internal static JournalState? Peek(string folder)
    {
        var path = Path.Combine(folder, JournalFile.Name);
        if (!RegularFile.Exists(path))
            return null;
        var (facts, entries, damaged) = JournalFile.Read(path);
        return new(
            entries, damaged, facts.GetValueOrDefault(WeightsFact),
            facts.TryGetValue(RequestsFact, out var all) && long.TryParse(all, out var number) ? number : null,
            File.GetLastWriteTimeUtc(RegularFile.Exists(path + "-wal") ? path + "-wal" : path))
        {
            NotFiniteTensors = facts.TryGetValue(NotFiniteFact, out var names) ? names.Split('\n') : [],
        };
    }

    /// <summary>Removes a folder's journal: its run is finished.</summary>
    public static void Delete(string folder)
    {
        foreach (var suffix in (string[])["", "-wal", "-shm", "-journal"])
            File.Delete(Path.Combine(folder, JournalFile.Name + suffix));
    }

    /// <summary>Entries whose checksum was wrong; their batches are answered again.</summary>
    public int Damaged { get; private init; }

    /// <summary>Where a journal that could not be read at all was put; null if there was none.</summary>
    public string? SetAside => _file?.WasSetAside;

    /// <summary>How many of the run's requests have answers on disk.</summary>
    public long KeptRequests => Interlocked.Read(ref _keptRequests);

    /// <summary>Of these, how many were there when it was opened.</summary>
    public long FoundRequests { get; private set; }

    /// <summary>How many requests the run, or this shard of it, has.</summary>
    public long? Requests
    {
        get => _known.TryGetValue(RequestsFact, out var all) && long.TryParse(all, out var number) ? number : null;
        set => _facts[RequestsFact] = $"{value}";
    }

    /// <summary>Names of the weights' tensors that hold a NaN or an infinity.</summary>
    public IReadOnlyList<string> NotFiniteTensors
    {
        set
        {
            if (value.Count > 0)
                _facts[NotFiniteFact] = string.Join('\n', value);
        }
    }

    /// <summary>Says which weights answer from now on; what they answered is kept once the hash is known.</summary>
    public void Confirm(Task<string> weightsSha256) => _weights = weightsSha256;

    /// <summary>What was kept under a key when the journal was opened; null where nothing was.</summary>
    public Entry? Find(string key) => _kept.GetValueOrDefault(key);

    /// <summary>Keeps answers, from the next commit on.</summary>
    /// <exception cref="JournalException">It could not be written before.</exception>
    /// <exception cref="CheckpointChangedException">What it kept is of other weights.</exception>
    public void Add(Entry entry)
    {
        Check();
        _fresh.Enqueue(entry);
    }

    /// <summary>Waits until all answers are on disk, and says by which weights they were given.</summary>
    /// <exception cref="CheckpointChangedException">Some of them are of other weights.</exception>
    public string Finish()
    {
        var weights = _weights!.GetAwaiter().GetResult();
        Commit();
        Check();
        return weights;
    }

    /// <summary>Drops all answers: they are of other weights than are loaded now.</summary>
    public void Clear()
    {
        lock (_committing)
        {
            _file!.Clear();
            _fresh.Clear();
            _kept.Clear();
            (_known, _failure) = ([], null);
            FoundRequests = 0;
            Interlocked.Exchange(ref _keptRequests, 0);
        }
    }

    public void Dispose()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        _stop.Set();
        _writer?.Join();
        _file?.Dispose();
        _stop.Dispose();
    }

    private void Keep(Entry entry)
    {
        if (!_kept.TryAdd(entry.Key, entry))
            return;
        FoundRequests += entry.Requests;
        _keptRequests += entry.Requests;
    }

    private void Check()
    {
        if (_failure is { } failure)
            throw failure is CheckpointChangedException ? failure
                : new JournalException(failure is JournalException ? failure.Message : JournalSchema.FactOf(failure), failure);
        // Nothing will be kept without the hash: better told now than at the end.
        if (_weights is { IsCompleted: true, IsCompletedSuccessfully: false } failed)
            failed.GetAwaiter().GetResult();
    }

    private void Write()
    {
        while (!_stop.Wait(Interval))
            Commit();
        Commit();
    }

    private void Commit()
    {
        lock (_committing)
            try
            {
                if (_failure is not null || _file is null || _weights is not { IsCompletedSuccessfully: true, Result: var weights })
                    return;
                if (_known.TryGetValue(WeightsFact, out var before) && before != weights)
                    throw new CheckpointChangedException();
                _facts[WeightsFact] = weights;
                Dictionary<string, string> facts =
                    _facts.Where(fact => _known.GetValueOrDefault(fact.Key) != fact.Value).ToDictionary();
                List<Entry> entries = [];
                while (_fresh.TryDequeue(out var entry))
                    entries.Add(entry);
                if (facts.Count + entries.Count == 0)
                    return;
                _file.Commit(facts, entries);
                _known = _known.Concat(facts).GroupBy(fact => fact.Key).ToDictionary(g => g.Key, g => g.Last().Value);
                Interlocked.Add(ref _keptRequests, entries.Sum(entry => entry.Requests));
            }
            catch (Exception e)
            {
                _failure = e;
            }
    }
}

/// <summary>What a journal holds, seen from outside.</summary>
/// <param name="Requests">How many requests the run has; null before its first commit.</param>
internal sealed record JournalState(
    IReadOnlyList<Entry> Entries, int Damaged, string? WeightsSha256, long? Requests, DateTime Changed)
{
    public long KeptRequests => Entries.Sum(entry => (long)entry.Requests);

    /// <summary>Names of the weights' tensors that hold a NaN or an infinity.</summary>
    public IReadOnlyList<string> NotFiniteTensors { get; init; } = [];
}

/// <summary>A journal cannot be written; one line says which and why.</summary>
public sealed class JournalException(string message, Exception inner) : Exception(message, inner);

/// <summary>The answers kept are of other weights than those at hand.</summary>
public sealed class CheckpointChangedException() : Exception("the checkpoint's weights changed since the journal was begun");
