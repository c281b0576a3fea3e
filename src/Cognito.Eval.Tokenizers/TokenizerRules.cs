namespace Cognito.Eval.Tokenizers;

/// <summary>Which version of transformers makes a tokenizer of a folder's files. Of a tokenizer.json both make the same ids.</summary>
public enum TokenizerRules
{
    Transformers4,
    Transformers5,
}
