using Cognito.Eval.Data;
using Cognito.Eval.Files;
using Cognito.Eval.Tasks;
using Cognito.Eval.Templates;

namespace Cognito.Eval.Benchmarks;

/// <summary>MMLU: exam questions of 57 subjects (Hendrycks et al. 2021, arXiv:2009.03300), a task a subject.</summary>
public static class Mmlu
{
    private static readonly string[] Letters = ["A", "B", "C", "D"];

    private static readonly Column Column =
        new("MMLU", "MMLU ({0}-Shot)", "cais/mmlu", "all", "test", 5, "acc", "accuracy", Tasks: 57);

    // After the fields above: initialisers run in the order of the text.
    public static IReadOnlyList<EvalTask> Tasks { get; } = [.. Subjects().Select(subject => Subject(subject.Name, subject.Test))];

    /// <summary>As lm-evaluation-harness 0.4 asks them: in four groups, whose documents all count the same.</summary>
    public static IReadOnlyList<EvalTask> LmEval { get; } = [.. Tasks.Zip(Subjects(), (task, subject) => AsLmEval(task, subject.Name))];

    /// <summary>The groups, and what holds them all.</summary>
    public static IReadOnlyList<TaskGroup> Groups { get; } = CreateGroups();

    private static EvalTask AsLmEval(EvalTask task, string subject) => task with
    {
        Name = $"mmlu_{subject}",
        Aliases = [],
        Shots = 0,
        Description = task.Description + "\n\n",
        Metrics = ["acc,none"],
        Headline = "acc,none",
        Column = LmEvalTasks.Column(Column, "acc,none"),
        Dataset = task.Dataset with { AllColumns = ["question", "subject", "choices", "answer"] },
        LmEval = new("cais/mmlu", subject)
        {
            TestSplit = "test",
            FewshotSplit = "dev",
            Alias = subject,
            Said = new Dictionary<string, object?>
            {
                ["doc_to_text"] = "{{question.strip()}}\nA. {{choices[0]}}\nB. {{choices[1]}}\nC. {{choices[2]}}\nD. {{choices[3]}}\nAnswer:",
                ["doc_to_target"] = "answer",
                ["doc_to_choice"] = Letters,
                ["fewshot_config"] = new Dictionary<string, object?> { ["sampler"] = "first_n" },
            },
        },
    };

    private static TaskGroup[] CreateGroups()
    {
        var lists = MmluGroups.Split('\n').Select(line => line.Split(": ")).ToDictionary(line => line[0], line => line[1].Split(' '));
        TaskGroup[] parts =
        [
            .. lists.Select(list => new TaskGroup(
                $"mmlu_{list.Key}", list.Key.Replace('_', ' '), [.. list.Value.Select(subject => $"mmlu_{subject}")],
                [.. list.Value.Select(subject => LmEval.Single(task => task.Name == $"mmlu_{subject}"))])
            {
                Scores = [new("acc", ["none"], WeighsDocuments: true)],
                Version = "2",
            }),
        ];
        return [.. parts, new("mmlu", "mmlu", [.. parts.Select(part => part.Name)], [.. parts.SelectMany(part => part.Tasks)])
        {
            Scores = parts[0].Scores,
            Version = parts[0].Version,
        }];
    }

    private static EvalTask Subject(string subject, int testRows) => new($"hendrycksTest-{subject}")
    {
        Aliases = [$"mmlu_{subject}"],
        Dataset = new($"MMLU {subject}")
        {
            Folders = [$"cais/mmlu/{subject}", $"hails/mmlu_no_train/{subject}", $"mmlu/{subject}"],
            Columns = ["question", "choices", "answer"],
            CsvColumns = ["question", "A", "B", "C", "D", "answer"],
            FromCsv = FromCsv,
            Originals =
            [
                new("dev", $"dev/{subject}_dev.csv", FromCsv),
                new("validation", $"val/{subject}_val.csv", FromCsv),
                new("test", $"test/{subject}_test.csv", FromCsv),
            ],
            PublishedRows = new Dictionary<string, int> { ["dev"] = 5, ["test"] = testRows },
        },
        Description =
            $"The following are multiple choice questions (with answers) about {subject.Replace('_', ' ')}.",
        Split = "test",
        ShotSplit = "dev",
        Shots = 5,
        ShotOrder = ShotOrder.First,
        Metrics = ["acc", "acc_norm"],
        Headline = "acc",
        Version = 1,
        Column = Column,
        ToDoc = row => new MultipleChoice(Query: Query(row, row.Texts("choices")), Choices: Letters, Gold: Gold(row)),
    };

    /// <summary>The question with its lettered choices: what is scored is the letter, not the choice's text.</summary>
    private static string Query(Row row, IReadOnlyList<string> choices) => choices.Count == Letters.Length
        ? $"{PythonText.Strip(row.Text("question"))}\n"
            + string.Concat(Letters.Zip(choices, (letter, choice) => $"{letter}. {choice}\n")) + "Answer:"
        : throw new InputException($"{row.Origin}: {choices.Count} choices, MMLU has 4; is this file the MMLU dataset?");

    private static int Gold(Row row) => row.Integer("answer") is >= 0 and <= 3 and var answer
        ? (int)answer
        : throw new InputException(
            $"{row.Origin}: answer {row.Integer("answer")} names none of the 4 choices (0 to 3); is this file the MMLU dataset?");

    /// <summary>A record of the original files: question, four choices, the answer's letter.</summary>
    private static Row FromCsv(Row row) => new(row.Origin, new Dictionary<string, object?>
    {
        ["question"] = row.Text("question"),
        ["choices"] = Letters.Select(object? (letter) => row.Text(letter)).ToArray(),
        ["answer"] = row.Text("answer") is [>= 'A' and <= 'D' and var letter]
            ? (long)(letter - 'A')
            : throw new InputException($"{row.Origin}: answer \"{row.Text("answer")}\" is none of A, B, C, D"),
    });

    private static IEnumerable<(string Name, int Test)> Subjects() =>
        MmluSubjects.Split('\n').Select(line => line.Split(' ')).Select(parts => (parts[0], int.Parse(parts[1])));

    /// <summary>Every subject and its published test questions.</summary>
    private const string MmluSubjects = """
        abstract_algebra 100
        anatomy 135
        astronomy 152
        business_ethics 100
        clinical_knowledge 265
        college_biology 144
        college_chemistry 100
        college_computer_science 100
        college_mathematics 100
        college_medicine 173
        college_physics 102
        computer_security 100
        conceptual_physics 235
        econometrics 114
        electrical_engineering 145
        elementary_mathematics 378
        formal_logic 126
        global_facts 100
        high_school_biology 310
        high_school_chemistry 203
        high_school_computer_science 100
        high_school_european_history 165
        high_school_geography 198
        high_school_government_and_politics 193
        high_school_macroeconomics 390
        high_school_mathematics 270
        high_school_microeconomics 238
        high_school_physics 151
        high_school_psychology 545
        high_school_statistics 216
        high_school_us_history 204
        high_school_world_history 237
        human_aging 223
        human_sexuality 131
        international_law 121
        jurisprudence 108
        logical_fallacies 163
        machine_learning 112
        management 103
        marketing 234
        medical_genetics 100
        miscellaneous 783
        moral_disputes 346
        moral_scenarios 895
        nutrition 306
        philosophy 311
        prehistory 324
        professional_accounting 282
        professional_law 1534
        professional_medicine 272
        professional_psychology 612
        public_relations 110
        security_studies 245
        sociology 201
        us_foreign_policy 100
        virology 166
        world_religions 171
        """;

    /// <summary>The harness's four groups, in its order.</summary>
    private const string MmluGroups = """
        stem: abstract_algebra anatomy astronomy college_biology college_chemistry college_computer_science college_mathematics college_physics computer_security conceptual_physics electrical_engineering elementary_mathematics high_school_biology high_school_chemistry high_school_computer_science high_school_mathematics high_school_physics high_school_statistics machine_learning
        other: business_ethics clinical_knowledge college_medicine global_facts human_aging management marketing medical_genetics miscellaneous nutrition professional_accounting professional_medicine virology
        social_sciences: econometrics high_school_geography high_school_government_and_politics high_school_macroeconomics high_school_microeconomics high_school_psychology human_sexuality professional_psychology public_relations security_studies sociology us_foreign_policy
        humanities: formal_logic high_school_european_history high_school_us_history high_school_world_history international_law jurisprudence logical_fallacies moral_disputes moral_scenarios philosophy prehistory professional_law world_religions
        """;
}
