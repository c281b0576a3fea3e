using System.Globalization;

namespace Cognito.Eval.Hub;

/// <summary>Bytes as people read them, in powers of ten as the hub counts.</summary>
public static class Sizes
{
    private static readonly string[] Units = ["kB", "MB", "GB", "TB", "PB", "EB"];

    public static string Show(decimal bytes)
    {
        if (bytes < 1000)
            return $"{bytes:0} B";
        var unit = -1;
        for (; bytes >= 999.95m && unit < Units.Length - 1; unit++)
            bytes /= 1000;
        return $"{bytes.ToString("0.0", CultureInfo.InvariantCulture)} {Units[unit]}";
    }
}
