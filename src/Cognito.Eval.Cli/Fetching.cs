using System.CommandLine;
using System.Diagnostics;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Datasets;
using Cognito.Eval.Hub;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Cli;

/// <summary>The hub, and on stderr how far a fetch is.</summary>
internal sealed class Fetching : IDisposable
{
    public static readonly Option<bool> Offline = new("--offline")
    {
        Description = "Make no request: use only what is on disk. Also HF_HUB_OFFLINE=1.",
    };

    private readonly Narrator narrator;
    private readonly Stopwatch clock = new();
    private readonly Timer timer;
    private IReadOnlyList<Transfer> transfers = [];
    private long before;

    public Fetching(Narrator narrator, bool offline)
    {
        this.narrator = narrator;
        Hub = new(HubSettings.FromEnvironment(offline)) { Logger = narrator.Logger };
        Hub.Said += narrator.Say;
        Hub.Planned += Begin;
        timer = new(_ => Show(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public HubFetch Hub { get; }

    public static DatasetLock Lock => TaskSet.Registered.Lock;

    /// <summary>The folder of a checkpoint, fetched where the cache lacks it.</summary>
    public string Checkpoint(HubRepo repo, bool weights, CancellationToken cancel) =>
        Wait(HubCheckpoint.Fetch(Hub, repo, weights, cancel));

    /// <summary>The rows of tasks, fetched where neither the cache nor an import has them.</summary>
    public DataRoot Datasets(IEnumerable<EvalTask> tasks, CancellationToken cancel) =>
        Wait(HubDatasets.Fetch(Hub, Lock, tasks.Select(task => task.Dataset), cancel));

    public DataRoot Of(IEnumerable<Dataset> datasets, CancellationToken cancel) => Wait(HubDatasets.Fetch(Hub, Lock, datasets, cancel));

    private T Wait<T>(Task<T> fetch)
    {
        try
        {
            return fetch.GetAwaiter().GetResult();
        }
        finally
        {
            timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            narrator.Clear();
        }
    }

    private void Begin(IReadOnlyList<Transfer> planned)
    {
        (transfers, before) = (planned, planned.Sum(transfer => transfer.Done));
        clock.Restart();
        narrator.Say($"fetching {Files(planned.Count)}, {Sizes.Show(planned.Sum(transfer => (decimal)transfer.Size))}, from "
            + $"{Hub.Settings.Endpoint} into {Hub.Cache.Folder}");
        var between = narrator.IsLive ? TimeSpan.FromMilliseconds(200) : TimeSpan.FromSeconds(10);
        timer.Change(between, between);
    }

    private void Show()
    {
        const int Width = 24;
        var (done, size) = (transfers.Sum(transfer => transfer.Done), Math.Max(1, transfers.Sum(transfer => transfer.Size)));
        var filled = (int)(Width * done / size);
        var rate = (done - before) / Math.Max(0.001, clock.Elapsed.TotalSeconds);
        narrator.Renew($"[{new string('#', filled)}{new string('.', Width - filled)}] {Sizes.Show(done)} of {Sizes.Show(size)}  "
            + $"{Sizes.Show((decimal)rate)}/s  {transfers.Count(transfer => transfer.Done == transfer.Size)} of "
            + Files(transfers.Count));
    }

    private static string Files(int count) => count == 1 ? "1 file" : $"{count} files";

    public void Dispose()
    {
        timer.Dispose();
        Hub.Dispose();
    }
}
