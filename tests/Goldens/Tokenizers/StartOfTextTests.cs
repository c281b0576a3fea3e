using System.Text.Json.Nodes;
using Cognito.Eval.Files;
using Cognito.Eval.Tokenizers;
using static Cognito.Eval.Tests.ByteLevelJson;

namespace Cognito.Eval.Tests;

/// <summary>What a tokenizer puts around a text, by each of the files that tell: docs/tokenizers.md, line by line.</summary>
public sealed class StartOfTextTests : IDisposable
{
    private const string Bos = "<|begin|>";
    private const string Text = """{"Sequence":{"id":"A","type_id":0}}""";
    private const string Named = $$"""{"eos_token":"{{End}}","bos_token":"{{Bos}}"}""";
    private const string Llama =
        """{"tokenizer_class":"LlamaTokenizer","bos_token":"<s>","eos_token":"</s>","add_bos_token":true}""";
    private static readonly int s_bos = FirstAdded + 1;
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    private static string Token(string name) => $$$"""{"SpecialToken":{"id":"{{{name}}}","type_id":0}}""";

    private static string Ids(string name, string ids) => $$$"""
        "{{{name}}}":{"id":"{{{name}}}","ids":{{{ids}}},"tokens":["x"]}
        """;

    private static string Template(string single, string tokens) =>
        $$$"""{"type":"TemplateProcessing","single":[{{{single}}}],"pair":[],"special_tokens":{ {{{tokens}}} }}""";

    private static string WithBos => Template($"{Token(Bos)},{Text}", Ids(Bos, $"[{s_bos}]"));

    private static string WithBoth =>
        Template($"{Token(Bos)},{Text},{Token(End)}", $"{Ids(Bos, $"[{s_bos}]")},{Ids(End, $"[{FirstAdded}]")}");

    private CheckpointTokenizer Json(string? processor, string config = Named, string model = "{}")
    {
        var json = Of(null, Added(FirstAdded, End), Added(s_bos, Bos));
        json["post_processor"] = processor is null ? null : JsonNode.Parse(processor);
        return Open([("tokenizer.json", json.ToJsonString()), ("tokenizer_config.json", config), ("config.json", model)]);
    }

    /// <summary>tokenizer.model, and where a processor is given a tokenizer.json that says the same.</summary>
    private CheckpointTokenizer Pieces(string config, string? processor = null, params (string Name, string Text)[] others)
    {
        (string, string)[] files = [("tokenizer_config.json", config), .. others];
        if (processor is null)
            return Open(files, PiecesJson.ModelPath);
        var json = PiecesJson.Of();
        json["post_processor"] = JsonNode.Parse(processor);
        return Open([("tokenizer.json", json.ToJsonString()), .. files], PiecesJson.ModelPath);
    }

    private CheckpointTokenizer Open((string Name, string Text)[] files, string? model = null)
    {
        foreach (var file in Directory.GetFiles(folder.Path))
            File.Delete(file);
        if (model is not null)
            File.Copy(model, Path.Combine(folder.Path, "tokenizer.model"));
        foreach (var (name, text) in files)
            folder.Write(name, text);
        return CheckpointTokenizer.Open(folder.Path);
    }

    private static void Puts(StartOfText start, int[] before, params int[] after)
    {
        Assert.Equal(before, start.Before);
        Assert.Equal(after, start.After);
    }

    [Fact]
    public void A_template_says_what_stands_before_and_after_a_text()
    {
        Puts(Json(WithBos).Start, [s_bos]);
        Puts(Json(WithBoth).Start, [s_bos], FirstAdded);
        Puts(Json(Template(Text, Ids(Bos, "[7]"))).Start, []);
        var several = Template($"{Token(Bos)},{Token(End)},{Text}", $"{Ids(Bos, "[7,8]")},{Ids(End, "[9]")}");
        Puts(Json(several).Start, [7, 8, 9]);
    }

    [Fact]
    public void Of_several_processors_the_later_stand_further_out()
    {
        const string bytes = """{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":false}""";
        Puts(Json(Sequence(bytes, WithBos)).Start, [s_bos]);
        Puts(Json(Sequence(Roberta(7, 8), bytes, Sequence(WithBoth))).Start, [s_bos, 7], 8, FirstAdded);

        static string Sequence(params string[] processors) =>
            $$"""{"type":"Sequence","processors":[{{string.Join(',', processors)}}]}""";
    }

    private static string Roberta(int cls, int sep, string type = "RobertaProcessing") =>
        $$"""{"type":"{{type}}","sep":["</s>",{{sep}}],"cls":["<s>",{{cls}}],"trim_offsets":true,"add_prefix_space":false}""";

    [Fact]
    public void RoBERTa_and_BERT_put_cls_before_and_sep_after()
    {
        Puts(Json(Roberta(3, 4)).Start, [3], 4);
        Puts(Json(Roberta(3, 4, "BertProcessing")).Start, [3], 4);
    }

    [Theory, InlineData(null), InlineData("""{"type":"ByteLevel"}""")]
    public void Without_a_template_nothing_is_put_whatever_the_configuration_says(string? processor)
    {
        var start = Json(processor, Named.Replace("}", ",\"add_bos_token\":true,\"add_eos_token\":true}")).Start;
        Assert.Equal((s_bos, Bos), (start.Token, start.Text));
        Puts(start, []);
    }

    [Fact]
    public void Beside_tokenizer_json_add_bos_token_does_not_count()
    {
        var config = Named.Replace("}", ",\"add_bos_token\":false,\"add_eos_token\":false}");
        Puts(Json(WithBoth, config).Start, [s_bos], FirstAdded);
    }

    [Theory]
    [InlineData("GPTNeoXTokenizer", "{}", false)]
    [InlineData("GPTNeoXTokenizerFast", """{"model_type":"gpt_neox"}""", false)]
    [InlineData("GPTNeoXTokenizer", """{"model_type":"olmoe"}""", false)]
    [InlineData("GPTNeoXTokenizer", """{"model_type":"llama"}""", false)]
    [InlineData("", """{"model_type":"gpt_neox"}""", false)]
    [InlineData("", """{"tokenizer_class":"GPTNeoXTokenizer"}""", false)]
    [InlineData("GPTNeoXTokenizer", """{"model_type":"olmo2"}""", true)]
    [InlineData("GPTNeoXTokenizer", """{"model_type":"qwen2"}""", true)]
    [InlineData("GPTNeoXTokenizer", """{"model_type":"qwen3"}""", false)]
    [InlineData("PreTrainedTokenizerFast", """{"model_type":"gpt_neox"}""", true)]
    [InlineData("PreTrainedTokenizerFast", "no JSON", true)]
    [InlineData("", """{"model_type":5,"tokenizer_class":[]}""", true)]
    public void The_class_of_GPT_NeoX_puts_nothing_whatever_the_template_says(string name, string model, bool isKept)
    {
        var start = Json(WithBos, Named.Replace("}", $",\"tokenizer_class\":\"{name}\"}}"), model).Start;
        Puts(start, isKept ? [s_bos] : []);
        Assert.Equal(s_bos, start.Token);
    }

    [Fact]
    public void A_folder_with_code_of_its_own_has_the_class_that_it_names()
    {
        const string own = ""","tokenizer_class":"GPTNeoXTokenizer","auto_map":{"AutoTokenizer":["a.B",null]}}""";
        Puts(Json(WithBos, Named.Replace("}", own), """{"model_type":"olmo2"}""").Start, []);
    }

    [Fact]
    public void The_class_of_Code_Llama_puts_its_bos_before_a_text_whatever_the_template_says()
    {
        const string name = """{"tokenizer_class":"CodeLlamaTokenizer","eos_token":"</s>"}""";
        Puts(Pieces(name, Roberta(7, 8)).Start, [1]);
        Puts(Pieces(name).Start, [1]);
        Puts(Pieces(name.Replace("}", ",\"add_bos_token\":false}")).Start, []);
        Puts(Pieces(name.Replace("}", ",\"bos_token\":null}"), Roberta(7, 8)).Start, []);
    }

    [Theory]
    [InlineData("", false, false)]
    [InlineData(",\"add_bos_token\":false,\"add_eos_token\":false", false, false)]
    [InlineData(",\"add_bos_token\":null,\"add_eos_token\":0", false, false)]
    [InlineData(",\"add_bos_token\":true", true, false)]
    [InlineData(",\"add_bos_token\":1,\"add_eos_token\":\"yes\"", true, true)]
    [InlineData(",\"add_eos_token\":true", false, true)]
    [InlineData(",\"add_bos_token\":true,\"add_eos_token\":true,\"bos_token\":null,\"eos_token\":null", false, false)]
    public void Beside_tokenizer_model_alone_add_bos_token_and_add_eos_token_decide(string flags, bool bos, bool eos)
    {
        var start = Pieces($$"""{"tokenizer_class":"LlamaTokenizer"{{flags}}}""").Start;
        Puts(start, bos ? [1] : [], eos ? [2] : []);
        var isNone = flags.Contains("\"bos_token\":null", StringComparison.Ordinal);
        Assert.Equal(isNone ? (null, null) : (1, "<s>"), (start.Token, start.Text));
    }

    [Fact]
    public void With_both_files_tokenizer_json_decides()
    {
        Puts(Pieces(Llama, Template(Text, "")).Start, []);
        var both = Pieces(Llama.Replace("true", "false"), Template($"{Token("<s>")},{Text}", Ids("<s>", "[1]")));
        Assert.Equal("tokenizer.model", both.Tokenizer.FileName);
        Puts(both.Start, [1]);
    }

    [Theory]
    [InlineData("LlamaTokenizerFast", "", 1, "<s>")]
    [InlineData("GemmaTokenizer", "", null, "<bos>")]
    [InlineData("GPT2Tokenizer", "", null, "<|endoftext|>")]
    [InlineData("PreTrainedTokenizerFast", "", null, null)]
    [InlineData("Qwen2Tokenizer", "", null, null)]
    [InlineData("LlamaTokenizer", ",\"bos_token\":null", null, null)]
    [InlineData("LlamaTokenizer", ",\"bos_token\":\"</s>\"", 2, "</s>")]
    [InlineData("LlamaTokenizer", ",\"bos_token\":{\"__type\":\"AddedToken\",\"content\":\"</s>\"}", 2, "</s>")]
    public void Bos_is_what_a_file_names_or_else_the_class(string name, string more, int? token, string? text)
    {
        var start = Pieces($$"""{"tokenizer_class":"{{name}}","eos_token":"</s>"{{more}}}""", Template(Text, "")).Start;
        Assert.Equal((token, text), (start.Token, start.Text));
    }

    [Fact]
    public void Without_a_class_tokenizer_model_alone_names_its_own_piece() => Assert.Equal((1, "<s>"),
        Pieces("""{"eos_token":"</s>","add_bos_token":true}""").Start is var start ? (start.Before[0], start.Text) : default);

    [Theory]
    [InlineData("""{"bos_token":"</s>"}""", "", "</s>")]
    [InlineData("""{"bos_token":null}""", "", null)]
    [InlineData("""{"unk_token":"<unk>"}""", "", "<s>")]
    [InlineData("""{"bos_token":"</s>"}""", ",\"added_tokens_decoder\":{}", "<s>")]
    public void special_tokens_map_names_it_unless_the_added_tokens_are_listed(string map, string more, string? text)
    {
        var start = Pieces(Llama.Replace("}", more + "}"), processor: null, ("special_tokens_map.json", map)).Start;
        Assert.Equal(text, start.Text);
        Puts(start, text switch { "<s>" => [1], "</s>" => [2], _ => [] });
    }

    [Fact]
    public void A_bos_without_an_id_is_not_put()
    {
        var start = Pieces("""{"tokenizer_class":"GemmaTokenizer","eos_token":"</s>","add_bos_token":true}""").Start;
        Assert.Equal((null, "<bos>"), (start.Token, start.Text));
        Puts(start, []);
    }

    [Fact]
    public void The_bundled_checkpoint_puts_its_bos_before_a_text() => Puts(Pieces(
        File.ReadAllText(Path.Combine(Path.GetDirectoryName(PiecesJson.ModelPath)!, "tokenizer_config.json")), null,
        ("config.json", """{"model_type":"mixtral"}""")).Start, [1]);

    [Fact]
    public void Nothing_of_it_changes_ids_or_notes_nor_the_hash_of_tokenizer_model()
    {
        var (plain, around) = (Json(null), Json(WithBoth));
        Assert.Equal(plain.Tokenizer.Encode("the thing in 12"), around.Tokenizer.Encode("the thing in 12"));
        Assert.Equal((plain.Note, plain.EndId), (around.Note, around.EndId));
        var alone = Pieces(Llama.Replace("true", "false"));
        Assert.All([Pieces(Llama), Pieces(Llama, Roberta(1, 2))], other =>
        {
            Assert.NotEmpty(other.Start.Before);
            Assert.Equal((alone.Sha256, alone.Note), (other.Sha256, other.Note));
            Assert.Equal(alone.Tokenizer.Encode("The cat\n sat"), other.Tokenizer.Encode("The cat\n sat"));
        });
        var neox = Json(WithBos, Named.Replace("}", ",\"tokenizer_class\":\"GPTNeoXTokenizer\"}"));
        Assert.Equal(Json(WithBos).Sha256, neox.Sha256);
    }

    public static TheoryData<string, string> Malformed => new()
    {
        { Template($"{Token("<x>")},{Text}", Ids(Bos, "[1]")), "\"<x>\", to which \"special_tokens\" gives no ids" },
        { Template($"{Token("<x>")},{Text}", "\"<x>\":{}"), "gives no ids" },
        { Template($"{Token("<x>")},{Text}", "\"<x>\":7"), "gives no ids" },
        { Template($"{Text},{Token("<x>")}", Ids("<x>", "[-1]")), "no whole number" },
        { Template($"{Token("<x>")},{Text}", Ids("<x>", "[1.5]")), "no whole number" },
        { Template($"{Token("<x>")},{Text}", Ids("<x>", "[4294967295]")), "no whole number" },
        { Template($"{Token("<x>")},{Text}", Ids("<x>", "[\"1\"]")), "no whole number" },
        { Template($"{Token("<x>")},{Text}", Ids("<x>", "5")), "\"ids\" is no list" },
        { Template($"{Token("<x>")},{Text}", Ids("<x>", $"[{string.Join(',', new int[1025])}]")), "more than 1,024" },
        { Template(string.Concat(Enumerable.Repeat($"{Token("<x>")},", 1025)) + Text, Ids("<x>", "[1]")), "more than 1,024" },
        { Template("{\"Other\":{}}," + Text, ""), "neither the text nor a token" },
        { Template("{\"SpecialToken\":5}," + Text, ""), "\"SpecialToken\" is no object" },
        { Template($"{Text},{Text}", ""), "does not hold the text once" },
        { """{"type":"RobertaProcessing","sep":["</s>",2]}""", "\"cls\" is no token with its id" },
        { """{"type":"BertProcessing","cls":["<s>",1],"sep":["</s>",-2]}""", "no whole number" },
        { """{"type":"BertProcessing","cls":[1,"<s>"],"sep":["</s>",2]}""", "\"cls\" is no token with its id" },
    };

    [Theory, MemberData(nameof(Malformed))]
    public void What_the_tokenizers_library_stops_on_is_refused_in_one_line(string processor, string fact)
    {
        var message = Assert.Throws<InputException>(() => Json(processor)).Message;
        Assert.StartsWith(Path.Combine(folder.Path, "tokenizer.json") + ": post_processor", message);
        Assert.Contains(fact, message);
        Assert.Contains("; ", message);
        Assert.DoesNotContain('\n', message);
    }
}
