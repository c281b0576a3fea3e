using System.Runtime.ExceptionServices;

namespace Cognito.Eval.Files;

/// <summary>Work on all cores, whose errors are those of the work itself.</summary>
public static class SideBySide
{
    /// <summary>Does the work for each number below the count; the first error, by number, ends it and is thrown as it is.</summary>
    public static void For(int count, Action<int> work)
    {
        var errors = new Exception?[count];
        Parallel.For(0, count, (i, state) =>
        {
            try
            {
                work(i);
            }
            catch (Exception e)
            {
                errors[i] = e;
                state.Break();
            }
        });
        if (errors.FirstOrDefault(error => error is not null) is { } first)
            ExceptionDispatchInfo.Throw(first);
    }
}
