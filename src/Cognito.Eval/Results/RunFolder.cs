using System.Globalization;
using System.Security.Cryptography;
using Cognito.Eval.Files;
using Cognito.Eval.Planning;

namespace Cognito.Eval.Results;

/// <summary>Where a run is kept: run.json says what it is, its journal what was answered, results.json what came of it.</summary>
/// <param name="IsNew">Nobody began it yet: there is no folder.</param>
internal sealed record RunFolder(string Path, Manifest Manifest, bool IsNew)
{
    private const int DigestLength = 10;

    /// <summary>Begins the name of a folder that is not there yet; hidden, so that nobody lists it.</summary>
    private const string Prepared = ".begin-";

    public string Results => System.IO.Path.Combine(Path, RunFile.Name);

    public bool IsFinished => !IsNew && RegularFile.Exists(Results) && RegularFile.Fault(Results) is null;

    /// <summary>Looks again, as others may have begun it meanwhile.</summary>
    private Func<RunFolder>? Again { get; init; }

    /// <summary>The folder of a model's runs.</summary>
    /// <exception cref="InputException">The model's name would lead elsewhere.</exception>
    public static string ParentOf(string output, string model) => System.IO.Path.Combine(output, Plain(model));

    /// <summary>The folder that it lies in, with the model's other runs.</summary>
    public string Parent => System.IO.Path.GetDirectoryName(Path)!;

    /// <summary>The newest run, or shard, of the same key under the results; else one to be begun.</summary>
    /// <param name="fresh">Whether to begin anew whatever there is.</param>
    public static RunFolder Find(
        string output, string model, RunKey key, RunArguments arguments, Budget budget, Shard? shard, DateTimeOffset started, bool fresh)
    {
        var (digest, parent) = (key.Digest(), ParentOf(output, model));
        // The name before the runs: one that is begun between the two is then found, or its name is taken when the folder is made.
        var free = Free(System.IO.Path.Combine(parent, shard is { } part
            ? $"shard-{part.Index}-of-{part.Count}-{digest[..DigestLength]}"
            : started.ToString("yyyy-MM-dd'T'HH-mm-ss", CultureInfo.InvariantCulture)));
        var same = Under(parent, 1).Where(found => found.Manifest.Key.Digest() == digest).ToList();
        if (!fresh && same.Where(found => found.Manifest.Shard == shard).MaxBy(found => found.Manifest.Started) is { } known)
            return known;
        var manifest = new Manifest
        {
            Started = started,
            // Shards of one run cut the same batches, whatever memory is free where they run.
            Budget = shard is null ? budget : same.FirstOrDefault(found => found.Manifest.Shard is not null)?.Manifest.Budget ?? budget,
            Shard = shard,
            Arguments = arguments,
            Key = key,
        };
        return new(free, manifest, IsNew: true)
        {
            Again = () => Find(output, model, key, arguments, budget, shard, started, fresh),
        };
    }

    /// <summary>All runs and shards in a folder, so many levels down.</summary>
    /// <param name="unreadable">Told of each run.json that cannot be read, or is no run's.</param>
    public static IEnumerable<RunFolder> Under(string folder, int depth, Action<InputException>? unreadable = null)
    {
        if (!Directory.Exists(folder))
            yield break;
        var options = new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = depth };
        foreach (var file in Directory.EnumerateFiles(folder, Manifest.Name, options).Order(StringComparer.Ordinal))
        {
            var path = System.IO.Path.GetDirectoryName(file)!;
            Manifest manifest;
            try
            {
                manifest = Manifest.Require(path);
            }
            catch (InputException e)
            {
                unreadable?.Invoke(e);
                continue;
            }
            yield return new(path, manifest, IsNew: false);
        }
    }

    /// <summary>
    /// Makes the folder if need be, by renaming one that has its run.json: it is there whole or not at all. Where another
    /// process has begun the same run meanwhile, that one's folder; where a different run took the name, one beside it.
    /// </summary>
    /// <exception cref="InputException">It cannot be written.</exception>
    /// <exception cref="OutputException">The disk is full or fails.</exception>
    public RunFolder Begin()
    {
        for (var place = Again?.Invoke() ?? this; ; place = place.Again!())
            if (!place.IsNew)
                return place;
            else if (place.IsMade())
                return place with { IsNew = false, Again = null };
    }

    /// <summary>False if another process has taken the name.</summary>
    private bool IsMade()
    {
        var prepared = System.IO.Path.Combine(
            Parent, $"{Prepared}{Environment.ProcessId}-{RandomNumberGenerator.GetHexString(8, lowercase: true)}");
        try
        {
            RemoveOld(Parent);
            Directory.CreateDirectory(prepared);
            Manifest.Write(prepared);
            Directory.Move(prepared, Path);
            return true;
        }
        catch (IOException) when (System.IO.Path.Exists(Path))
        {
            Remove(prepared);
            return false;
        }
        catch (Exception e) when (OutputFile.IsFailure(e))
        {
            Remove(prepared);
            throw OutputFile.Failed(Path, e, "name another folder with --output DIR");
        }
    }

    /// <summary>What a process left that was killed between making a folder and renaming it.</summary>
    private static void RemoveOld(string parent)
    {
        if (!Directory.Exists(parent))
            return;
        foreach (var folder in Directory.EnumerateDirectories(parent, Prepared + "*"))
            if (Directory.GetLastWriteTimeUtc(folder) < DateTime.UtcNow - TimeSpan.FromHours(1))
                Remove(folder);
    }

    private static void Remove(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is in nobody's way: its name is not used again.
        }
    }

    /// <summary>Writes a run: its details first, so that a results.json never lacks them.</summary>
    public void Write(Run run, IReadOnlyList<GradedTask> graded, DetailLevel details)
    {
        if (details != DetailLevel.None)
            foreach (var task in graded)
                DetailsFile.Write(Path, task.Questions.Task.Name,
                    [.. task.Docs.Select(doc => DocDetail.From(task.Questions.Task, doc, prompts: details == DetailLevel.Full))]);
        RunFile.Write(run, Path);
    }

    /// <summary>Removes what a process left that ended while it wrote.</summary>
    public void RemoveTemporaries()
    {
        OutputFile.RemoveTemporaries(Path);
        OutputFile.RemoveTemporaries(System.IO.Path.Combine(Path, DetailsFile.Folder));
    }

    /// <summary>A model's name as that of a folder.</summary>
    /// <exception cref="InputException">It would lead elsewhere, or no folder can be called so.</exception>
    public static string Plain(string model) =>
        model is not ("" or "." or "..") && model.Length < 200 && !model.AsSpan().ContainsAny('/', '\\') && !model.Any(char.IsControl)
            ? model : throw new InputException($"{model}: not a name for a folder of results; rename the checkpoint's folder");

    /// <summary>Finds out before the model runs whether its results can be written; makes nothing that stays.</summary>
    /// <remarks>Where the folder is not there yet, the nearest one above it is tried: others may be about to make it too.</remarks>
    /// <exception cref="InputException">They cannot.</exception>
    /// <exception cref="OutputException">The disk is full or fails.</exception>
    public static void RequireWritable(string output)
    {
        var folder = System.IO.Path.GetFullPath(output);
        while (!System.IO.Path.Exists(folder) && System.IO.Path.GetDirectoryName(folder) is { } above)
            folder = above;
        try
        {
            if (File.Exists(folder))
                throw new InputException($"{output}: cannot be written ({folder} is a file); name another folder with --output DIR");
            var probe = OutputFile.Name(System.IO.Path.Combine(folder, ".cognito-eval"));
            using var file = new FileStream(
                probe, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose);
            file.WriteByte(0);
            file.Flush(flushToDisk: true);
        }
        catch (Exception e) when (OutputFile.IsFailure(e))
        {
            throw OutputFile.Failed(System.IO.Path.Combine(output, "results.json"), e, "name another folder with --output DIR");
        }
    }

    private static string Free(string stem)
    {
        var folder = stem;
        for (var n = 2; System.IO.Path.Exists(folder); n++)
            folder = $"{stem}-{n}";
        return folder;
    }
}
