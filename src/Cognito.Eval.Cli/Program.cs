using System.Globalization;
using Cognito.Eval.Cli;

// Numbers read the same wherever the program runs.
CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
Terminal.Begin();
return await Session.Invoke(Commands.Create(), args);
