using System.Security.Cryptography;
using System.Text;
using Cognito.Eval.Files;

namespace Cognito.Eval.Tokenizers.SentencePiece;

/// <summary>What a piece of a SentencePiece vocabulary stands for; the numbers are the file format's.</summary>
public enum PieceType { Normal = 1, Unknown = 2, Control = 3, UserDefined = 4, Unused = 5, Byte = 6 }

/// <summary>One entry of a SentencePiece vocabulary; its id is its place.</summary>
public readonly record struct Piece(string Text, float Score, PieceType Type);

/// <summary>A SentencePiece BPE vocabulary and how texts are brought into its form, from a tokenizer.model.</summary>
public sealed class SentencePieceModel
{
    // Far above any published vocabulary (Gemma's: 262,144 pieces, 4.7 MB). They bound what a hostile file can cost.
    private const int MostPieces = 1 << 20, LongestPiece = 512;
    private const string GetItWhole = "fetch the checkpoint's own tokenizer.model again, whole";
    private const string UseAnother = "use a checkpoint whose tokenizer is a plain SentencePiece BPE model";
    private static readonly UTF8Encoding s_strictUtf8 = new(false, throwOnInvalidBytes: true);

    private readonly List<Piece> _pieces = [];
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private int _modelType = 1;
    private bool _hasTrainer, _hasNormalizer, _normalizes, _suffixes, _removesSpaces = true, _escapesSpaces = true;
    private string _bos = "<s>", _eos = "</s>", _pad = "<pad>";

    private SentencePieceModel(string sha256) => Sha256 = sha256;

    public IReadOnlyList<Piece> Pieces => _pieces;

    /// <summary>Hex digest of the file.</summary>
    public string Sha256 { get; }

    /// <summary>Characters outside the vocabulary become byte pieces, not the unknown piece.</summary>
    public bool ByteFallback { get; private set; }

    /// <summary>Texts are encoded as if a space stood in front of them.</summary>
    public bool AddsDummyPrefix { get; private set; } = true;

    public int UnknownId { get; private set; } = -1;
    public int? BosId => ControlId(_bos);
    public int? EosId => ControlId(_eos);
    public int? PadId => ControlId(_pad);

    /// <exception cref="InputException">The file cannot be read, or asks for what is not done exactly here.</exception>
    public static SentencePieceModel Load(string path) =>
        Parse(RegularFile.Read(path, FileKind.SentencePiece), path);

    internal static SentencePieceModel Parse(ReadOnlySpan<byte> bytes, string path)
    {
        var model = new SentencePieceModel(Convert.ToHexStringLower(SHA256.HashData(bytes)));
        try
        {
            model.Read(bytes);
        }
        catch (Exception e) when (e is InvalidDataException or DecoderFallbackException)
        {
            var fact = e is DecoderFallbackException ? "a text in it is not UTF-8" : Fact.Of(e);
            throw new InputException($"{path}: not a SentencePiece model ({fact}); {GetItWhole}", e);
        }
        return model.Flaw() is { } flaw ? throw new InputException($"{path}: {flaw}") : model;
    }

    /// <summary>The id of a piece, by its exact text.</summary>
    public int? IdOf(string piece) => _ids.TryGetValue(piece, out var id) ? id : null;

    private int? ControlId(string piece) =>
        IdOf(piece) is { } id && _pieces[id].Type is PieceType.Control ? id : null;

    private void Read(ReadOnlySpan<byte> bytes)
    {
        var message = new ProtobufReader(bytes);
        while (message.Read())
            switch (message.Field, message.Wire)
            {
                case (1, Wire.Bytes): Add(ReadPiece(message.Bytes)); break;
                case (2, Wire.Bytes): ReadTrainer(message.Bytes); break;
                case (3, Wire.Bytes): ReadNormalizer(message.Bytes); break;
                case (5, Wire.Bytes): ReadDenormalizer(message.Bytes); break;
            }
    }

    private static Piece ReadPiece(ReadOnlySpan<byte> bytes)
    {
        var (text, score, type) = ("", 0f, PieceType.Normal);
        var message = new ProtobufReader(bytes);
        while (message.Read())
            switch (message.Field, message.Wire)
            {
                case (1, Wire.Bytes) when message.Bytes.Length > LongestPiece:
                    throw new InvalidDataException($"a piece has {message.Bytes.Length} bytes");
                case (1, Wire.Bytes): text = s_strictUtf8.GetString(message.Bytes); break;
                case (2, Wire.Fixed32): score = message.Single; break;
                case (3, Wire.Varint): type = (PieceType)Math.Min(message.Integer, 7); break;
            }
        return new(text, score, type);
    }

    private void Add(Piece piece)
    {
        var id = _pieces.Count;
        if (id == MostPieces)
            throw new InvalidDataException($"more than {MostPieces:N0} pieces");
        if (piece.Text.Length == 0 || !float.IsFinite(piece.Score) || !Enum.IsDefined(piece.Type))
            throw new InvalidDataException($"piece {id} has no text, no finite score or no known type");
        if (!_ids.TryAdd(piece.Text, id))
            throw new InvalidDataException($"pieces {_ids[piece.Text]} and {id} have the same text");
        if (piece.Type is PieceType.Unknown && UnknownId >= 0)
            throw new InvalidDataException($"pieces {UnknownId} and {id} are both the unknown piece");
        if (piece.Type is PieceType.Unknown)
            UnknownId = id;
        _pieces.Add(piece);
    }

    private void ReadTrainer(ReadOnlySpan<byte> bytes)
    {
        _hasTrainer = true;
        var message = new ProtobufReader(bytes);
        while (message.Read())
            switch (message.Field, message.Wire)
            {
                case (3, Wire.Varint): _modelType = (int)Math.Min(message.Integer, 5); break;
                case (24, Wire.Varint): _suffixes = message.Flag; break;
                case (35, Wire.Varint): ByteFallback = message.Flag; break;
                case (46, Wire.Bytes): _bos = s_strictUtf8.GetString(message.Bytes); break;
                case (47, Wire.Bytes): _eos = s_strictUtf8.GetString(message.Bytes); break;
                case (48, Wire.Bytes): _pad = s_strictUtf8.GetString(message.Bytes); break;
            }
    }

    private void ReadNormalizer(ReadOnlySpan<byte> bytes)
    {
        _hasNormalizer = true;
        var message = new ProtobufReader(bytes);
        while (message.Read())
            switch (message.Field, message.Wire)
            {
                case (2, Wire.Bytes): _normalizes |= !message.Bytes.IsEmpty; break;
                case (3, Wire.Varint): AddsDummyPrefix = message.Flag; break;
                case (4, Wire.Varint): _removesSpaces = message.Flag; break;
                case (5, Wire.Varint): _escapesSpaces = message.Flag; break;
            }
    }

    private void ReadDenormalizer(ReadOnlySpan<byte> bytes)
    {
        var message = new ProtobufReader(bytes);
        while (message.Read())
            _normalizes |= (message.Field, message.Wire) is (2, Wire.Bytes) && !message.Bytes.IsEmpty;
    }

    private string? Flaw() => this switch
    {
        { _pieces.Count: 0 } => $"not a SentencePiece model (no pieces); {GetItWhole}",
        { _hasTrainer: false } => $"has no trainer_spec, as if cut short; {GetItWhole}",
        { _modelType: not 2 } => $"is a {TypeName(_modelType)} model, and only BPE is supported; {UseAnother}",
        { _hasNormalizer: false } => $"has no normalizer_spec, as if cut short; {GetItWhole}",
        { _normalizes: true } => $"normalizes characters, which is not supported; {UseAnother}",
        { _removesSpaces: true } => $"removes extra whitespace, which is not supported; {UseAnother}",
        { _escapesSpaces: false } => $"does not escape whitespace, which is not supported; {UseAnother}",
        { _suffixes: true } => $"treats whitespace as suffix, which is not supported; {UseAnother}",
        { UnknownId: < 0 } => $"has no unknown piece; {GetItWhole}",
        _ => BytesFlaw() ?? PieceFlaw(),
    };

    private static string TypeName(int type) => type switch
    {
        1 => "unigram",
        3 => "word",
        4 => "character",
        _ => "strange",
    };

    private string? BytesFlaw()
    {
        var pieces = _pieces.Count(piece => piece.Type is PieceType.Byte);
        var right = Enumerable.Range(0, 256)
            .Count(b => IdOf($"<0x{b:X2}>") is { } id && _pieces[id].Type is PieceType.Byte);
        var expected = ByteFallback ? 256 : 0;
        return pieces == expected && right == expected
            ? null
            : $"has {pieces} byte pieces, {right} of them right, where {expected} belong; {GetItWhole}";
    }

    private string? PieceFlaw()
    {
        // SentencePiece itself fails on a text that spells a control piece of one character.
        var id = _pieces.FindIndex(piece => piece.Type is PieceType.Unused
            || (piece.Type is PieceType.Control && piece.Text.EnumerateRunes().Take(2).Count() == 1));
        return id < 0
            ? null
            : $"piece {id} is unused or a control piece of one character, which is not supported; {UseAnother}";
    }
}
