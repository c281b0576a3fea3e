using System.CommandLine;
using System.Runtime.InteropServices;
using Cognito.Eval;
using Cognito.Eval.Cli;

var root = RunCommand.Create();
root.Add(TasksCommand.Create());
root.Add(PromptCommand.Create());
root.Add(ReportCommand.Create());
return await Session.Invoke(root, args);
