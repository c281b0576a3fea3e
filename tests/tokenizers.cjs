// node tokenizers.cjs PACKAGES EXPECTED: for each PACKAGES/<name>/tokenizer.json, and for some made up from them, writes
// EXPECTED/<name>/tokenizer.json and answers.jsonl, a line a text: [text, ids, text without special tokens, text with them];
// and around.json, of one text: [text, ids, ids with special tokens put around].
const fs = require('fs'), path = require('path');
const { Tokenizer } = require('tokenizers');
const [packages, expected] = process.argv.slice(2);

// A generator of our own (mulberry32), so that each run asks the same.
let state = 20261127;
const random = n => {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) % n;
};
const pick = list => list[random(list.length)];
const times = (n, make) => Array.from({ length: n }, (_, i) => make(i));
const point = (from, to) => String.fromCodePoint(from + random(to - from + 1));

// Blocks of characters, of which each is tried as a word, in a row and among others.
const blocks = [[0x20, 0x7e], [0xa0, 0xff], [0x100, 0x17f], [0x180, 0x24f], [0x250, 0x2af], [0x2b0, 0x2ff], [0x300, 0x36f],
  [0x370, 0x3ff], [0x400, 0x4ff], [0x531, 0x58f], [0x591, 0x5f4], [0x600, 0x6ff], [0x900, 0x97f], [0x980, 0x9f1], [0xb85, 0xbcd],
  [0xe01, 0xe5b], [0xf00, 0xfbc], [0x1000, 0x109f], [0x10a0, 0x10ff], [0x1100, 0x11ff], [0x1200, 0x135a], [0x13a0, 0x13f4],
  [0x1780, 0x17f9], [0x1e00, 0x1eff], [0x1f00, 0x1fff], [0x2000, 0x206f], [0x2070, 0x209c], [0x20a0, 0x20bf], [0x20d0, 0x20f0],
  [0x2100, 0x218b], [0x2190, 0x23ff], [0x2460, 0x24ff], [0x2500, 0x27bf], [0x2e80, 0x2fd5], [0x3000, 0x303f], [0x3040, 0x30ff],
  [0x3130, 0x318e], [0x3200, 0x33ff], [0x4e00, 0x9fff], [0xac00, 0xd7a3], [0xe000, 0xf8ff], [0xf900, 0xfad9], [0xfb00, 0xfb4f],
  [0xfb50, 0xfdff], [0xfe00, 0xfe6f], [0xfe70, 0xfeff], [0xff00, 0xffef], [0xfff0, 0xffff], [0x10000, 0x100fa], [0x10300, 0x1034a],
  [0x12000, 0x123ff], [0x1d100, 0x1d1e8], [0x1d400, 0x1d7ff], [0x1f1e6, 0x1f1ff], [0x1f300, 0x1f64f], [0x1f680, 0x1f6ff],
  [0x1f900, 0x1f9ff], [0x20000, 0x2a6df], [0x2f800, 0x2fa1d], [0xe0000, 0xe007f], [0xf0000, 0xf0010], [0, 0x1f], [0x7f, 0x9f]];
const spaces = [' ', ' ', '  ', '   ', '\n', '\n\n', '\r\n', '\r', '\t', '\t\t', '\u00a0', '\u2003', '\u2028', '\u3000', '\u0085', '\u000b', '\u200b', '\ufeff', '\u1680'];
const words = ('the The THE of and question Answer: Q: A: (A) B. x y1 3 14 007 2,500 1234567 3.14 50% $5 it\'s don\'t WE\'LL I\'m they\'ve '
  + 'O\'Brien rock\'n\'roll \u2019s can\u2019t na\u00efve fianc\u00e9 \u0130stanbul stra\u00dfe \u017ft K\u212a foo_bar camelCase HTTPServer a/b ../x.py '
  + 'f(x)=x**2; <b> </b> &amp; {} [] "quoted" \u201cquoted\u201d \u2026 ... !!! ?! -- \u2014 # ## @me #tag e\u0301 a\u0308\u0323 o\u0323\u0302 \u1100\u1161\u11a8 '
  + '\ufb01n \u00bd \u00b2 \u2167 \u0663 \u2581 \u2581a \u0120the <0x0A> <0xC3> \u{1f469}\u200d\u{1f469}\u200d\u{1f467} \u{1f44d}\u{1f3fd} \u{1f1e9}\u{1f1ea} 1\ufe0f\u20e3 \ufffe \uffff \ufdd0 \u{1fffe}').split(' ');

const sentence = n => times(n, () => pick(words) + pick(spaces)).join('');
const mixed = n => times(n, () => random(3) ? point(...pick(blocks)) : random(2) ? pick(spaces) : pick(words)).join('').replace(/\p{Cs}/gu, '');
const texts = ['', ' ', '\n', ...words, ...spaces,
  ...blocks.flatMap(b => [point(...b), times(12, () => point(...b)).join(''), times(20, () => (random(4) ? '' : pick(spaces)) + point(...b)).join(''),
    'a' + point(...b) + 'b ' + point(...b) + '1']),
  ...blocks.flatMap(b => { const t = times(8, () => point(...b)).join(' '); return ['NFC', 'NFD', 'NFKC'].map(f => t.normalize(f)); }),
  ...[' ', '\n', '\t', '\r', 'a', 'A', '0', '.', '=', '\u00e9', '\u3042', '\u0301', '\u{1f44d}', '\u00a0', '\u2581', '\u0e33'].flatMap(c =>
    [2, 3, 4, 7, 8, 16, 17, 31, 64, 100].flatMap(n => [c.repeat(n), 'x' + c.repeat(n) + 'y', c.repeat(n) + '\nq', ' ' + c.repeat(n)])),
  ...times(500, () => sentence(1 + random(12))), ...times(700, () => mixed(1 + random(24))),
  ...times(60, () => times(3 + random(4), () => `Question: ${sentence(12)}\nAnswer: ${sentence(4)}`).join('\n\n')),
  'antidisestablishmentarianism'.repeat(20), '\u6f22\u5b57'.repeat(150), '0123456789'.repeat(40), 'ab'.repeat(700)];

/** A token in the surroundings that its flags look at. */
const around = t => [t, ' ' + t, t + ' ', 'a' + t + 'b', 'a ' + t + ' b', 'a  ' + t + '  b', '\n' + t + '\ny', t + t, t + ' ' + t, t + '\n\n y',
  t + '\u00a0x', '\u2581' + t + '\u2581', '1' + t + '2', '\u00e9' + t + '\u0301', t.slice(1), t.slice(0, -1), t.toUpperCase(), 'x\n' + t + '\n' + t + '\nz', t + '_', '.' + t + '.'];

const token = (id, content, more) => ({ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true, ...more });

/** Traits of files that npm has not: bytes that UTF-8 never has left out, runs of spaces as tokens, NFC (GPT-NeoX, OLMo, Pythia). */
function neox(gpt2, more) {
  const never = new Set([0xc0, 0xc1, ...times(11, i => 0xf5 + i)].map(b => String.fromCharCode(b)));
  const kept = Object.keys(gpt2.model.vocab).filter(t => ![...t].some(c => never.has(c)) && t !== '<|endoftext|>');
  const vocab = Object.fromEntries(['<|endoftext|>', '<|padding|>', ...kept].map((t, i) => [t, i]));
  const first = Object.keys(vocab).length;
  return { ...gpt2, normalizer: { type: 'NFC' }, model: { ...gpt2.model, vocab, merges: gpt2.model.merges.filter(m => ![...m].some(c => never.has(c))) },
    added_tokens: [token(0, '<|endoftext|>'), token(1, '<|padding|>'),
      ...times(23, i => token(first + i, ' '.repeat(24 - i), { normalized: true, special: false })),
      ...more.map((t, i) => token(first + 23 + i, t, { special: false, normalized: i % 2 === 1 }))] };
}

/** Phi-3: tokens that take the white space behind them, before a space that is put in front. */
function phi3(llama, metaspace) {
  const names = ['<|endoftext|>', '<|assistant|>', '<|placeholder1|>', '<|system|>', '<|end|>', '<|user|>'];
  return { ...llama, ...(metaspace ? { normalizer: null, pre_tokenizer: { type: 'Metaspace', replacement: '\u2581', prepend_scheme: 'always', split: false } } : {}),
    added_tokens: [...llama.added_tokens.map(t => t.content === '</s>' ? { ...t, rstrip: true, special: false } : t),
      ...names.map((t, i) => token(32000 + i, t, { rstrip: i > 0 }))] };
}

const read = name => JSON.parse(fs.readFileSync(path.join(packages, name, 'tokenizer.json'), 'utf8'));
const have = fs.readdirSync(packages).filter(name => fs.existsSync(path.join(packages, name, 'tokenizer.json')));
const families = have.map(name => [name, () => read(name)]);
if (have.includes('gpt2'))
  families.push(['made-up-gpt-neox', () => neox(read('gpt2'), [])], ['made-up-olmo', () => neox(read('gpt2'), ['|||IP_ADDRESS|||', '|||EMAIL_ADDRESS|||'])]);
if (have.includes('llama2'))
  families.push(['made-up-phi3', () => phi3(read('llama2'), false)], ['made-up-phi3-metaspace', () => phi3(read('llama2'), true)]);

(async () => {
  for (const [name, make] of families) {
    const folder = path.join(expected, name), json = make();
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(path.join(folder, 'tokenizer.json'), JSON.stringify(json));
    const tokenizer = Tokenizer.fromFile(path.join(folder, 'tokenizer.json'));
    tokenizer.disableTruncation();
    tokenizer.disablePadding();
    const added = json.added_tokens, some = added.filter((_, i) => i < 12 || i % Math.ceil(added.length / 12) === 0).map(t => t.content);
    const own = some.flatMap(around).concat(times(150, () => times(1 + random(6), () => random(2) ? pick(some) : pick(spaces) + pick(words)).join('')));
    const out = fs.createWriteStream(path.join(folder, 'answers.jsonl'));
    for (const text of [...new Set([...texts, ...own])].filter(t => t.isWellFormed())) {
      const ids = (await tokenizer.encode(text, null, { addSpecialTokens: false })).getIds();
      out.write(JSON.stringify([text, ids, await tokenizer.decode(ids, true), await tokenizer.decode(ids, false)]) + '\n');
    }
    await new Promise(done => out.end(done));
    const text = 'The cat', ids = async addSpecialTokens => (await tokenizer.encode(text, null, { addSpecialTokens })).getIds();
    fs.writeFileSync(path.join(folder, 'around.json'), JSON.stringify([text, await ids(false), await ids(true)]));
  }
  console.log(`${families.length} tokenizers, ${texts.length} texts and those of each one's added tokens`);
})();
