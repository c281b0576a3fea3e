using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

namespace Cognito.Eval.Tests;

/// <summary>The program in a pseudo-terminal of util-linux's script, whose width changes while it works.</summary>
public sealed class PseudoTerminalTests : IDisposable
{
    private readonly CommandLine line = new();

    public void Dispose() => line.Dispose();

    /// <summary>Runs a shell's lines in a terminal.</summary>
    /// <param name="shell">"program" stands for the program; "width N" sets the terminal's width, and tells the screen.</param>
    /// <param name="look">Sees what was written so far.</param>
    private async Task<string> Run(string shell, Action<string>? look = null)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && File.Exists("/usr/bin/script"), "needs util-linux's script and stty of Linux");
        var file = line.Write("run.sh", $$"""
            export TERM=xterm-256color HF_HUB_OFFLINE=1 HF_HOME='{{line.At("hf")}}'
            cd '{{line.Folder}}'
            width() { stty -F /dev/tty cols $1 rows 40; printf '\033[8;40;%dt' $1; }
            program() { dotnet '{{Path.Combine(AppContext.BaseDirectory, "cognito-eval.dll")}}' "$@"; }
            {{shell}}
            """);
        var start = new ProcessStartInfo("/usr/bin/script", ["-qfec", $"sh '{file}'", "/dev/null"])
        {
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
            StandardOutputEncoding = Encoding.UTF8,
        };
        start.Environment["SHELL"] = "/bin/sh";
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var (all, some) = (new StringBuilder(), new char[4096]);
        for (int read; (read = await process.StandardOutput.ReadAsync(some, TestContext.Current.CancellationToken)) > 0;)
        {
            all.Append(some, 0, read);
            look?.Invoke(all.ToString());
        }
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return all.ToString();
    }

    private static int Renewals(string written) => Regex.Count(written, @" left\r");

    [Fact]
    public async Task Progress_is_one_line_at_every_width_and_after_resizes()
    {
        // Each width is kept until the line has renewed itself a few times.
        int[] widths = [120, 60, 40, 80];
        var written = await Run($$"""
            width 120
            (for w in 60 40 80; do while [ ! -e go-$w ]; do sleep 0.05; done; width $w; done) &
            program --model '{{CommandLine.Nano}}' --data '{{CommandLine.Samples}}' --tasks arc,hellaswag,gsm8k --limit 16 --batch-tokens 32 --device cpu -o out
            kill $! 2> /dev/null
            """,
            so =>
            {
                if (so.LastIndexOf("\u001b[8;40;", StringComparison.Ordinal) is >= 0 and var at && Renewals(so[at..]) >= 3
                    && Array.IndexOf(widths, int.Parse(Regex.Match(so[at..], @";(\d+)t").Groups[1].Value, null)) is >= 0 and var i && i + 1 < widths.Length)
                    File.WriteAllText(line.At($"go-{widths[i + 1]}"), "");
            });
        Assert.Contains("written:", written, StringComparison.Ordinal);
        var parts = Regex.Split(written, @"\u001b\[8;40;\d+t")[1..];
        Assert.Equal(widths.Length, parts.Length);
        Assert.All(parts, part => Assert.True(Renewals(part) >= 3, part));
        Assert.Matches(@"stage 1 of 3, log-likelihoods +\d+ %  \S+  \d+ tokens/s  \d+:\d\d:\d\d left\r", parts[0]);
        Assert.Contains("stage 3 of 3", written, StringComparison.Ordinal);
        Assert.Matches(@"stage 1 of 3 +\d+ %  \d+:\d\d:\d\d left\r", string.Concat(parts[1..]));
        foreach (var reflows in new[] { true, false })
        {
            var (screen, most) = (new Screen(120, reflows), 0);
            screen.Write(written, () => most = Math.Max(most, screen.Rows.Count(row => row.Contains("tokens/s", StringComparison.Ordinal) || row.EndsWith(" left", StringComparison.Ordinal))));
            Assert.Equal(1, most);
            Assert.DoesNotContain(screen.Rows, row => row.Contains(" left", StringComparison.Ordinal));
            Assert.DoesNotContain(screen.Rows, row => row.Contains("stage ", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void A_line_that_is_wider_than_the_terminal_would_show()
    {
        var screen = new Screen(60, reflows: true);
        foreach (var percent in new[] { 10, 20, 30 })
            screen.Write("\r" + $"log-likelihoods {percent} %".PadRight(100));
        Assert.Equal(3, screen.Rows.Count(row => row.Contains('%')));
        screen = new Screen(100, reflows: true);
        screen.Write("\r" + new string('x', 90) + "\u001b[8;40;60t\rnew");
        Assert.Equal([new string('x', 60), "new" + new string('x', 27)], screen.Rows);
    }

    [Fact]
    public async Task Tables_fit_the_terminal_and_lose_no_number()
    {
        using var made = new TwoRuns("first", "second");
        string[] commands = [$"compare '{made.First}' '{made.Second}'", $"report '{made.First}' --format table", "tasks"];
        var written = await Run(string.Join('\n', new[] { 60, 80, 120 }.SelectMany(width =>
            commands.Select(command => $"width {width}\nprogram {command} 2> /dev/null"))));
        var shown = Regex.Matches(written, @"\u001b\[8;40;(\d+)t([^\u001b]*(?:\u001b(?!\[8)[^\u001b]*)*)").ToList();
        Assert.Equal(3 * commands.Length, shown.Count);
        foreach (var (i, part) in shown.Index())
        {
            var (width, text) = (int.Parse(part.Groups[1].Value, null), Regex.Replace(part.Groups[2].Value, @"\u001b\[[^a-z]*[a-z]|\u001b[=>]|\r", ""));
            var whole = line.Run(commands[i % commands.Length].Split(' ').Select(word => word.Trim('\'')).ToArray()).Out;
            var lines = text.Split('\n');
            Assert.All(lines.Where(line => line.StartsWith('|')), line => Assert.InRange(line.Length, 1, width));
            var seen = Numbers(text);
            Assert.All(Numbers(whole), number => Assert.True(seen.GetValueOrDefault(number.Key) >= number.Value, $"{number} at {width}: {text}"));
            if (whole.Split('\n').Where(line => line.StartsWith('|')).All(line => line.Length <= width))
                Assert.Equal(whole, text);
            else
                Assert.NotEqual(whole, text);
        }
    }

    /// <summary>Numbers, and how often each stands there: headings may stand more often.</summary>
    private static Dictionary<string, int> Numbers(string text) =>
        Regex.Matches(text, @"[-+<]?\d[\d.]*").CountBy(number => number.Value).ToDictionary();
}
