using System.Reflection;
using System.Text;
using System.Text.Json;
using Cognito.Eval.Tests;

/// <summary>
/// .NET calls it in a process whose DOTNET_STARTUP_HOOKS names this assembly, before the program begins. It has the program
/// do command after command, as stdin asks for them, and ends when stdin does. Its name and place are .NET's.
/// </summary>
internal static class StartupHook
{
    public static void Initialize()
    {
        var program = Assembly.LoadFrom(Environment.GetCommandLineArgs()[0]);
        Assembly.SetEntryAssembly(program);
        using var replies = new StreamWriter(Console.OpenStandardOutput());
        // The program takes these for its two streams, once for all commands.
        var (output, error) = (new Taken(), new Taken());
        Console.SetOut(output);
        Console.SetError(error);
        while (Console.In.ReadLine() is { } line)
        {
            var command = JsonSerializer.Deserialize<WarmProgram.Command>(line)!;
            var code = Do(program, command);
            replies.WriteLine(JsonSerializer.Serialize(new WarmProgram.Reply(code, output.Take(), error.Take())));
            replies.Flush();
        }
        Environment.Exit(0);
    }

    private static int Do(Assembly program, WarmProgram.Command command)
    {
        var before = command.Environment.ToDictionary(set => set.Key, set => Environment.GetEnvironmentVariable(set.Key));
        Directory.SetCurrentDirectory(command.Folder);
        Set(command.Environment);
        try
        {
            return (int)program.EntryPoint!.Invoke(null, [command.Args])!;
        }
        finally
        {
            Set(before);
            Directory.SetCurrentDirectory("/");
        }
    }

    private static void Set(Dictionary<string, string?> variables)
    {
        foreach (var (name, value) in variables)
            Environment.SetEnvironmentVariable(name, value);
    }

    /// <summary>Keeps what is written as the bytes that a pipe would get.</summary>
    private sealed class Taken : TextWriter
    {
        private readonly MemoryStream bytes = new();
        private readonly StreamWriter writer;

        public Taken() => writer = new(bytes, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { AutoFlush = true };

        public override Encoding Encoding => writer.Encoding;

        public override void Write(char value) => writer.Write(value);

        public override void Write(char[] buffer, int index, int count) => writer.Write(buffer, index, count);

        public override void Write(string? value) => writer.Write(value);

        public byte[] Take()
        {
            var taken = bytes.ToArray();
            bytes.SetLength(0);
            return taken;
        }
    }
}
