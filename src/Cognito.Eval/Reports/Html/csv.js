// Rows as CSV: numbers are numbers, and no text is a formula that a spreadsheet would run.
function toCsv(rows) {
  const spelled = text => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, c => [...Array(c.length).keys()].map(i => `\\u${c.charCodeAt(i).toString(16).padStart(4, '0')}`).join(''));
  const harmless = text => /^["'\s]*[=+\-@|%＝＋－＠]|^::/.test(text) ? `'${text}` : text;
  const quoted = text => /[",;]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  const cell = value => value === null || value === undefined ? ''
    : typeof value === 'number' ? String(value)
      : quoted(harmless(spelled(String(value).replace(/\s+/g, ' ').trim())));
  return rows.map(row => row.map(cell).join(',') + '\n').join('');
}
