using Cognito.Eval.Tests;

switch (args)
{
    case ["gguf", var checkpoint, var file, "float32" or "bfloat16"]:
        GgufCheckpoint.Write(checkpoint, file, args[3] == "float32" ? GgufType.Float32 : GgufType.BFloat16);
        return 0;
    case ["random", var tokenizer, var folder]:
        RandomCheckpoint.Write(folder, tokenizer);
        return 0;
    default:
        Console.Error.WriteLine("usage: gguf CHECKPOINT FILE float32|bfloat16 | random CHECKPOINT_OF_THE_TOKENIZER FOLDER");
        return 2;
}
