using Cognito.Eval.Files;
using Cognito.Eval.Journal;
using Cognito.Eval.Models;
using Cognito.Eval.Planning;

namespace Cognito.Eval.Tests;

public sealed class JournalTests : IDisposable
{
    private static readonly string Weights = new('a', 64), OtherWeights = new('b', 64);
    private readonly string folder = Directory.CreateTempSubdirectory("journal-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void It_goes_on_after_it_was_closed()
    {
        using (var journal = Confirmed(Weights))
            Assert.Equal([0, 1, 2, 3], Asked(journal, [0, 1, 2, 3]));
        using var again = Confirmed(Weights);
        Assert.Equal(8, again.FoundRequests);
        Assert.Empty(Asked(again, [0, 1, 2, 3]));
    }

    [Fact]
    public void Only_batches_without_an_answer_are_asked_and_all_come_in_order()
    {
        using (var journal = Confirmed(Weights))
            Asked(journal, [1, 3]);
        using var again = Confirmed(Weights);
        Assert.Equal([0, 2], Asked(again, [0, 1, 2, 3]));
    }

    [Fact]
    public void A_batch_that_asks_something_else_is_asked_again()
    {
        using (var journal = Confirmed(Weights))
            Asked(journal, [0, 1]);
        using var again = Confirmed(Weights);
        ScoreBatch[] other = [Batch(0), Batch(99)];
        Assert.Equal([1], Asked(again, [0, 1], other));
    }

    [Fact]
    public void An_entry_that_answers_less_than_its_batch_is_asked_again()
    {
        using (var file = JournalFile.Open(Path.Combine(folder, JournalFile.Name)))
            file.Commit(new Dictionary<string, string> { ["weights_sha256"] = Weights }, [
                new("log-likelihoods/0", BatchDigest.Compute(Batch(0)), 2, AnswerText.Write(new ScoredBatch([new(-1, true)], null))),
                new("log-likelihoods/1", BatchDigest.Compute(Batch(1)), 2, "{}"),
                new("log-likelihoods/2", BatchDigest.Compute(Batch(2)), 2, AnswerText.Write([new Generated([7])]))]);
        using var journal = Confirmed(Weights);
        Assert.Equal([0, 1, 2], Asked(journal, [0, 1, 2]));
    }

    [Fact]
    public void Nothing_is_kept_before_the_hash_of_the_weights_is_known()
    {
        var hash = new TaskCompletionSource<string>();
        using (var journal = AnswerJournal.Open(folder))
        {
            journal.Confirm(hash.Task);
            Asked(journal, [0, 1]);
        }
        Assert.Empty(AnswerJournal.Peek(folder)!.Entries);

        using (var journal = AnswerJournal.Open(folder))
        {
            journal.Confirm(hash.Task);
            Asked(journal, [0, 1]);
            hash.SetResult(Weights);
            Assert.Equal(Weights, journal.Finish());
            Assert.Equal(4, journal.KeptRequests);
        }
        Assert.Equal(2, AnswerJournal.Peek(folder)!.Entries.Count);
    }

    [Fact]
    public void Weights_that_cannot_be_hashed_end_the_run_at_its_next_answer_not_at_its_end()
    {
        using var journal = AnswerJournal.Open(folder);
        journal.Confirm(Task.FromException<string>(new InputException("model.safetensors: vanished")));
        Assert.Contains("vanished", Assert.Throws<InputException>(() => Asked(journal, [0, 1, 2, 3])).Message);
    }

    [Fact]
    public void Answers_of_other_weights_are_found_out_and_left_as_they_are_until_cleared()
    {
        using (var journal = Confirmed(Weights))
            Asked(journal, [0]);
        var before = AnswerJournal.Peek(folder)!;
        using (var journal = Confirmed(OtherWeights))
        {
            Asked(journal, [0, 1]);
            Assert.Throws<CheckpointChangedException>(journal.Finish);
        }
        Assert.Equal(before.Entries, AnswerJournal.Peek(folder)!.Entries);

        using (var journal = Confirmed(OtherWeights))
        {
            journal.Clear();
            Assert.Equal([0, 1], Asked(journal, [0, 1]));
            Assert.Equal(OtherWeights, journal.Finish());
        }
        Assert.Equal((OtherWeights, 2), (AnswerJournal.Peek(folder)!.WeightsSha256, AnswerJournal.Peek(folder)!.Entries.Count));
    }

    [Fact]
    public void A_damaged_entry_is_counted_and_asked_again()
    {
        using (var journal = Confirmed(Weights))
            Asked(journal, [0, 1]);
        using (var file = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={Path.Combine(folder, JournalFile.Name)};Pooling=False"))
        {
            file.Open();
            using var change = file.CreateCommand();
            change.CommandText = "UPDATE answers SET replies = replace(replies, '-', '') WHERE key = 'log-likelihoods/1'";
            Assert.Equal(1, change.ExecuteNonQuery());
        }
        using (var again = Confirmed(Weights))
        {
            Assert.Equal((1, 2), (again.Damaged, again.FoundRequests));
            Assert.Equal([1], Asked(again, [0, 1]));
        }
        using var mended = AnswerJournal.Open(folder);
        Assert.Equal((0, 4), (mended.Damaged, mended.FoundRequests));
    }

    [Fact]
    public void A_second_opener_is_told_and_the_first_loses_nothing()
    {
        using (var first = Confirmed(Weights))
        {
            Asked(first, [0]);
            Assert.Contains("another process is at work", Assert.Throws<InputException>(() => AnswerJournal.Open(folder)).Message);
            Asked(first, [1]);
            first.Finish();
            // One who only looks is not refused.
            Assert.Equal(4, AnswerJournal.Peek(folder)!.KeptRequests);
        }
        using var again = AnswerJournal.Open(folder);
        Assert.Equal(4, again.FoundRequests);
    }

    [Fact]
    public void A_file_that_is_no_journal_is_set_aside_with_its_bytes()
    {
        var path = Path.Combine(folder, JournalFile.Name);
        var bytes = Enumerable.Range(0, 5000).Select(i => (byte)(i * 7)).ToArray();
        File.WriteAllBytes(path, bytes);
        using var journal = Confirmed(Weights);
        Assert.Equal(bytes, File.ReadAllBytes(journal.SetAside!));
        Assert.Equal([0], Asked(journal, [0]));
    }

    private AnswerJournal Confirmed(string weights)
    {
        var journal = AnswerJournal.Open(folder);
        journal.Confirm(Task.FromResult(weights));
        return journal;
    }

    /// <summary>Takes answers to these batches and returns which of them the model was asked.</summary>
    private static List<int> Asked(AnswerJournal journal, int[] wanted, ScoreBatch[]? batches = null)
    {
        batches ??= [.. Enumerable.Range(0, 4).Select(Batch)];
        var asked = new List<int>();
        var stage = new Stage<ScoreBatch>(
            Stages.LogLikelihoods, batches, [.. batches.Select(_ => 2)], [.. batches.Select(_ => 1L)]);
        var answers = new KeptAnswers(journal).Answer(stage, wanted, BatchForms.Scores, numbers => numbers.Select(b =>
        {
            asked.Add(b);
            return Answer(batches[b]);
        })).ToList();
        Assert.Equal(wanted, answers.Select(answer => answer.Batch));
        Assert.All(answers, answer => Assert.Equal(Answer(batches[answer.Batch]).Scores, answer.Answer.Scores));
        return asked;
    }

    private static ScoreBatch Batch(int number) =>
        new([new(null, [number, 1], [new([2], [number]), new([3], [4])])]);

    private static ScoredBatch Answer(ScoreBatch batch) =>
        new([new(-1.0 / (3 + batch.Trees[0].Context[0]), true), new(-2.5, false)], null);
}
