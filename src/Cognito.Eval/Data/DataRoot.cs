namespace Cognito.Eval;
public sealed record DataRoot(string Folder, bool IsSamples = false) { public DatasetSplit Read(Dataset d, string s) => throw new NotSupportedException(); }
public sealed record DatasetSplit(IReadOnlyList<Row> Rows, IReadOnlyList<string> Files, string Sha256);
