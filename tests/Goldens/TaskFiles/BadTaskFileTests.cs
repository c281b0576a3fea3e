using System.Text.Json.Nodes;
using Cognito.Eval.Benchmarks;
using Cognito.Eval.Datasets;
using Cognito.Eval.Files;
using Cognito.Eval.Protocols;
using Cognito.Eval.TaskFiles;
using Cognito.Eval.Tasks;

namespace Cognito.Eval.Tests;

/// <summary>Wrong and doubtful task files: one line that names the file, the line and the fact; or the harness' own questions.</summary>
public sealed class BadTaskFileTests
{
    private static readonly string Folder = Fixture.Path("task-files");
    private static readonly DataRoot Rows = new(Folder) { WorkingFolder = Folder };

    /// <summary>Of each file what its error says. Where one is no error in the harness and --allow lets it pass, its questions are the harness'.</summary>
    private static readonly Dictionary<string, string[]> Errors = new()
    {
        ["01_placeholder"] = ["line 6", "doc_to_text", "test.jsonl line 1", "qestion"],
        ["01b_plain_name"] = ["line 6", "\"qestion\" for every document", "did you mean question?", "--allow constant-text"],
        ["01c_missing_attribute"] = ["line 6", "doc_to_text", "nothing"],
        ["02_unknown_key"] = ["line 9", "doc_to_answer is no key of a task file", "did you mean doc_to_"],
        ["03_target_float"] = ["line 8", "doc_to_target is a fractional number"],
        ["03b_target_mapping"] = ["line 8", "doc_to_target is a mapping"],
        ["03d_target_unknown_text"] = ["line 8", "document 0", "\"choice 0\"", "none of the choices", "--allow gold-outside"],
        ["03e_target_true"] = ["line 8", "doc_to_target is true"],
        ["03f_target_null"] = ["no doc_to_target"],
        ["04_gold_out_of_range"] = ["line 8", "document 4", "it is 9", "--allow gold-outside"],
        ["04b_gold_out_of_range_first"] = ["line 8", "document 0", "it is 4", "--allow gold-outside"],
        ["04c_gold_negative"] = ["line 8", "document 4", "\"-1\"", "--allow gold-outside"],
        ["04d_gold_negative_number"] = ["line 8", "document 0", "it is -1", "--allow gold-outside"],
        ["05_no_choices"] = ["line 7", "doc_to_choice is an empty list"],
        ["05b_empty_choice_first"] = ["line 7", "choice 0 of document 0", "is empty", "--allow empty-choice"],
        ["05c_empty_choice_later"] = ["line 7", "choice 0 of document", "is empty", "--allow empty-choice"],
        ["05d_choices_not_a_list"] = ["line 7", "doc_to_choice", "test.jsonl line 1", "no list of Python"],
        ["05e_choices_left_out"] = ["no doc_to_choice"],
        ["06_duplicate_choices"] = ["line 7", "document 0", "\"same\" 3 times", "--allow equal-choices"],
        ["07_function"] = ["line 9", "process_docs", "no code from task files is run"],
        ["08_include"] = ["line 1", "include _not_there_yaml: there is no such file"],
        ["08b_include_cycle"] = ["line 1", "included already"],
        ["08c_include_same_twice"] = ["included already", "by two ways"],
        ["09_unquoted_no_yes"] = ["line 7", "choice 0 is no, which YAML reads as true or false; write it in quotes"],
        ["09b_number_choices"] = ["line 7", "choice 0 is 1, which YAML reads as a whole number"],
        ["10_text_is_a_number"] = ["right answer of document", "no choice", "--allow gold-outside"],
        ["10b_text_has_leading_zero"] = ["line 6", "doc_to_text", "\"001\""],
        ["10c_text_number_later"] = ["line 6", "doc_to_text", "test.jsonl line 3", "is \"7\"", "no text"],
        ["11_split"] = ["nowhere"],
        ["11b_no_eval_split"] = ["no split to ask"],
        ["12_output_type"] = ["line 3", "output_type is multi_choice", "multiple_choice"],
        ["13_metric"] = ["line 10", "accuracy is no metric", "did you mean acc?"],
        ["13b_aggregation"] = ["line 11", "average"],
        ["13c_f1_four_choices"] = ["line 10", "f1", "document 0", "4"],
        ["13d_brier_uneven"] = ["line 9", "brier_score", "as many choices"],
        ["13e_likelihood"] = ["line 10", "likelihood fails in the reference too"],
        ["13f_acc_generated"] = ["line 8", "acc has no value with output_type generate_until"],
        ["14_template"] = ["line 6", "doc_to_text is a template that cannot be read"],
        ["14b_filter"] = ["line 6", "shout"],
        ["15_yaml"] = ["bad_15_yaml.yaml"],
        ["15b_same_key_twice"] = ["line 7", "doc_to_text stands on line 6 too, and lm-evaluation-harness takes this last one without a word; remove line 6 to ask as it does"],
        ["16_regex"] = ["regex"],
        ["16b_filter_name"] = ["take_second", "take_first"],
        ["16c_no_take_first"] = ["take_first"],
        ["17_too_many_examples"] = ["13", "12"],
        ["17b_sampler"] = ["line 11", "last_n"],
        ["17c_fewshot_indices"] = ["line 11", "fewshot_indices has no effect", "--allow unused-key"],
        ["18_group_member"] = ["line 2", "not_a_task is no task, group or tag"],
        ["18b_group_aggregation"] = ["line 3", "aggregation is not mean"],
        ["19_not_a_mapping"] = ["line 1", "not a mapping"],
        ["19b_no_task_name"] = ["neither task nor group"],
    };

    public static TheoryData<string> Files => [.. Directory.EnumerateFiles(Path.Combine(Folder, "bad"), "*.yaml")
        .Select(file => Path.GetFileNameWithoutExtension(file)["bad_".Length..]).Order(StringComparer.Ordinal)];

    private static string PathOf(string file) => Path.Combine(Folder, "bad", $"bad_{file}.yaml");

    [Theory]
    [MemberData(nameof(Files))]
    public void A_wrong_file_is_refused_in_one_line_or_asks_what_the_harness_asks(string file)
    {
        // Some rows of the pond have equal choices, which is another file's fault.
        var allowed = file == "06_duplicate_choices" ? [] : new[] { "equal-choices" };
        var error = Record.Exception(() => Ask(file, null, allowed));
        if (!Errors.TryGetValue(file, out var said))
        {
            Assert.Null(error);
            Same(file, "run, num_fewshot=None", Ask(file, null, allowed)[0]);
            return;
        }
        var message = Assert.IsType<InputException>(error).Message;
        Assert.All(said, part => Assert.Contains(part, message, StringComparison.Ordinal));
        Assert.DoesNotContain('\n', message);
        Assert.Contains(file.StartsWith("08c", StringComparison.Ordinal) ? "_yaml" : $"bad_{file}", message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void What_is_let_pass_asks_what_the_harness_asks_and_is_named(string file)
    {
        if (!Errors.TryGetValue(file, out var said) || said[^1] is not ['-', '-', 'a', 'l', 'l', 'o', 'w', ' ', .. var name])
            return;
        foreach (var (variant, shots) in new[] { ("run, num_fewshot=None", (int?)null), ("run, num_fewshot=3", 3) })
            if (What(file)[variant] is { } golden && golden["error"] is null)
            {
                var asked = Ask(file, shots, ["all"])[0];
                Same(file, variant, asked);
                Assert.Contains(asked.Notes, note => note.Contains($"--allow {name}", StringComparison.Ordinal));
            }
    }

    private static IReadOnlyList<Questions> Ask(string file, int? shots, IReadOnlyList<string> allowed)
    {
        var paths = file.StartsWith("18", StringComparison.Ordinal) ? [PathOf(file), Path.Combine(Folder, "tasks", "t01_pond.yaml")] : new[] { PathOf(file) };
        var set = TaskFileSet.Read(paths, TaskSet.LmEval, file.StartsWith("18", StringComparison.Ordinal) ? ["all"] : allowed);
        return [.. set.Select("all").Tasks.Select(task => Questions.Ask(task, Rows, LmEval04.Rules, shots, null))];
    }

    private static JsonNode What(string file) => Golden.Json(Path.Combine(Folder, "bad", "what_happens.json")).AsArray()
        .Single(it => it!["file"]!.GetValue<string>() == $"bad_{file}.yaml")!;

    private static void Same(string file, string variant, Questions asked)
    {
        var golden = What(file)[variant]!;
        Assert.Equal(golden["n_requests"]!.GetValue<int>(), asked.Requests.Count());
        Assert.Equal(golden["raw_sha256"]!.GetValue<string>(), asked.Digest.Raw);
        Assert.Equal(golden["json_sha256"]!.GetValue<string>(), asked.Digest.Json);
    }
}
