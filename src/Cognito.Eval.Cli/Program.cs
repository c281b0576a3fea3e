using System.Globalization;
using Cognito.Eval.Cli;

// Numbers read the same wherever the program runs.
CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
Terminal.Begin();
var root = RunCommand.Create();
root.Add(TasksCommand.Create());
root.Add(PromptCommand.Create());
root.Add(PlanCommand.Create());
root.Add(MergeCommand.Create());
root.Add(RunsCommand.Create());
root.Add(BenchCommand.Create());
root.Add(DataCommand.Create());
root.Add(ReportCommand.Create());
root.Add(CompareCommand.Create());
root.Add(GateCommand.Create());
root.Add(VerifyCommand.Create());
root.Add(DebugCommand.Create());
return await Session.Invoke(root, args);
