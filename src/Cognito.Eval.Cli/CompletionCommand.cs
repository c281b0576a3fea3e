using System.CommandLine;
using System.CommandLine.Completions;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Protocols;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Cli;

/// <summary><c>cognito-eval completion</c>: a script that has a shell complete commands, options and their words.</summary>
internal static class CompletionCommand
{
    private static readonly Argument<string> Shell = new("SHELL") { Description = "bash, zsh, fish or pwsh.", HelpName = "SHELL" };

    public static Command Create()
    {
        Words.OneOf(Shell, [.. Scripts.Keys]);
        var command = new Command("completion", "Print a script that completes command lines; its first line says where it goes.") { Shell };
        command.SetAction(parsed =>
        {
            Console.Write(Scripts[parsed.GetRequiredValue(Shell)]);
            return Session.Done;
        });
        return command;
    }

    /// <summary>Task names, also after a comma.</summary>
    public static IEnumerable<string> Tasks(CompletionContext context)
    {
        var begun = context.WordToComplete.LastIndexOf(',') is >= 0 and var comma ? context.WordToComplete[..(comma + 1)] : "";
        return TaskSet.Registered.Tasks.Concat(TaskSet.Of(LmEval04.Rules).Tasks).SelectMany(task => task.Aliases.Prepend(task.Name))
            .Concat(TaskSet.Of(LmEval04.Rules).Groups.Keys).Distinct().Order(StringComparer.Ordinal).Select(name => begun + name);
    }

    /// <summary>Each asks the program itself, whose parser answers <c>[suggest:POSITION] LINE</c>; without an answer files are completed.</summary>
    private static readonly Dictionary<string, string> Scripts = new()
    {
        ["bash"] = """
            # cognito-eval completion bash >> ~/.bashrc
            _cognito_eval() {
              local line=${COMP_LINE:0:COMP_POINT} word=${COMP_WORDS[COMP_CWORD]} IFS=$'\n'
              COMPREPLY=($(compgen -W "$(cognito-eval "[suggest:${#line}]" "$line" 2>/dev/null)" -- "$word"))
            }
            complete -o bashdefault -o default -F _cognito_eval cognito-eval

            """,
        ["zsh"] = """
            # cognito-eval completion zsh >> ~/.zshrc (after compinit)
            _cognito_eval() {
              local -a found
              local line="${(j: :)words[1,CURRENT]}"
              found=("${(@f)$(cognito-eval "[suggest:${#line}]" "$line" 2>/dev/null)}")
              found=(${found:#})
              (( $#found )) && compadd -- $found || _files
            }
            compdef _cognito_eval cognito-eval

            """,
        ["fish"] = """
            # cognito-eval completion fish > ~/.config/fish/completions/cognito-eval.fish
            function __cognito_eval
                set -l line (commandline -cp | string collect)
                cognito-eval "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null
            end
            complete -c cognito-eval -a "(__cognito_eval)"

            """,
        ["pwsh"] = """
            # cognito-eval completion pwsh >> $PROFILE
            Register-ArgumentCompleter -Native -CommandName cognito-eval -ScriptBlock {
                param($word, $ast, $position)
                $line = $ast.ToString().PadRight($position).Substring(0, $position)
                cognito-eval "[suggest:$position]" "$line" 2>$null |
                    ForEach-Object { [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_) }
            }

            """,
    };
}
