using Cognito.Eval.Datasets;
using Cognito.Eval.Hub;

namespace Cognito.Eval.Tests;

/// <summary>What says which files of the hub are fetched: a name among them never leads out of the cache.</summary>
internal sealed partial class FuzzTargets
{
    private const string Commit = "0123456789abcdef0123456789abcdef01234567";

    private static readonly HubRepo Repo = new(HubKind.Dataset, "org/name");

    private HubSettings Settings => new()
    {
        Endpoint = "http://localhost",
        Home = folder.Path,
        CacheFolder = Path.Combine(folder.Path, "hub"),
        IsOffline = true,
    };

    /// <summary>Fails where a file would lie outside of its snapshot.</summary>
    private void RequireInside(HubRepo repo, string commit, IEnumerable<string> paths)
    {
        var cache = new HubCache(Settings);
        var snapshot = Path.Combine(cache.Folder, repo.Folder, "snapshots", commit) + Path.DirectorySeparatorChar;
        foreach (var path in paths)
            if (!Path.GetFullPath(cache.At(new(repo, commit, path))).StartsWith(snapshot, StringComparison.Ordinal))
                throw new InvalidOperationException($"{path} leads out of its snapshot");
    }

    private static byte[] Lock() => """
        {"repositories":[{"id":"org/name","revision":"0123456789abcdef0123456789abcdef01234567","licence":"MIT","datasets":{"one":{
        "test":{"rows":10,"rows_sha256":"00ff","files":{"data/test-00000-of-00001.parquet":"00ff","data/b.parquet":null}},
        "train":{"rows":20,"rows_sha256":null,"files":{"data/train.parquet":null}}}}},
        {"id":"org/other","revision":null,"licence":"","datasets":{}}]}
        """u8.ToArray();

    private void ReadLock()
    {
        foreach (var repository in DatasetLock.Read(Path.Combine(folder.Path, "datasets.lock.json")).Repositories)
        {
            RequireInside(HubDatasets.Repo(repository), repository.Revision ?? Commit, repository.AllFiles);
            foreach (var split in repository.Datasets.Values.SelectMany(splits => splits.Values))
                RowCheck.Compare(split, 10, "00ff");
        }
    }

    private static byte[] Fetched() => """
        {"repositories":{"datasets/org/name":{"revision":"0123456789abcdef0123456789abcdef01234567","files":{"a.parquet":"00ff","b/c.parquet":"11"},
        "datasets":{"org/name main":{"test":{"files":["b/c.parquet","a.parquet"],"rows":3,"types":{"text":"string"}},"train":{"files":[],"rows":null}}}},
        "org/model":{"revision":"0123456789abcdef0123456789abcdef01234567","files":{}}}}
        """u8.ToArray();

    private void ReadFetched()
    {
        File.Move(Path.Combine(folder.Path, "fetched.json"), Directory.CreateDirectory(HubRecord.Folder(Settings)).FullName + "/fetched.json", overwrite: true);
        if (HubRecord.Read(Settings).Of(Repo) is { } recorded)
            RequireInside(
                Repo, recorded.Revision, recorded.Datasets?.Values.SelectMany(splits => splits.Values).SelectMany(split => split.Files) ?? ["a.parquet"]);
    }

    private static byte[] Listing() => """
        {"_id":"6","id":"org/name","sha":"0123456789abcdef0123456789abcdef01234567","private":false,"gated":"auto","tags":["a"],
        "siblings":[{"rfilename":"config.json"},{"rfilename":"data/test-00000-of-00001.parquet"},{"rfilename":"model.safetensors"}]}
        """u8.ToArray();

    private void ReadListing(byte[] bytes)
    {
        var listing = HubListing.Parse(bytes, "http://localhost/api");
        RequireInside(Repo, listing.Commit, listing.Files);
    }

    private static byte[][] Cards() =>
    [
        """
        ---
        license: mit
        configs:
        - config_name: main
          default: true
          data_files:
          - split: train
            path: [data/train-*, "data/more_[0-9]*.jsonl"]
          - split: test
            path: "**/test?.jsonl"
        - config_name: other
          data_dir: more
        dataset_info:
          config_name: main
          features: [{name: text, dtype: string}]
          splits: [{name: test, num_examples: 3}]
        ---
        # About
        """u8.ToArray(),
        "---\nconfigs:\n- config_name: one\n  data_files: [a.csv, '*/b.csv']\n---\n"u8.ToArray(),
    ];

    private static void ReadCard(byte[] bytes)
    {
        string[] files = ["README.md", "a.csv", "c/b.csv", "data/train-00000-of-00001.jsonl", "data/more_1.jsonl", "x/test1.jsonl", "more/dev/0.parquet", "bad.tsv"];
        var card = DatasetCard.Parse(System.Text.Encoding.UTF8.GetString(bytes), "README.md");
        foreach (var config in card.Configs)
            if (HubLayout.Of(card.Choose(config.Name), files, card.Name).SelectMany(split => split.Files).Except(files).FirstOrDefault() is { } strange)
                throw new InvalidOperationException($"{strange} is none of the files");
        if (card.Configs.Count > 0)
            card.Choose(null);
    }

    private void ReadShards() =>
        RequireInside(Repo, Commit, HubCheckpoint.Shards(Path.Combine(folder.Path, "model.safetensors.index.json")));
}
