// What an opened document shows: its question, its choices with each run's log-likelihoods, or what each run wrote.
function documentContents(data, of, gold) {
  function contents(doc, runs) {
    const parts = [];
    const facts = [`row ${doc.task.ids[doc.i]} of ${doc.task.split}`];
    const prompts = [...new Set(runs.map(run => of(doc, run, 'prompt')).filter(value => value !== null))];
    if (prompts.length > 0) facts.push(`prompt of ${prompts.join(' / ')} tokens`);
    if (runs.some(run => of(doc, run, 'truncated') > 0)) facts.push('lost its oldest tokens');
    const metrics = Object.keys(doc.task.runs.find(run => run)?.scores ?? {});
    for (const metric of metrics)
      facts.push(`${metric} ${runs.map(run => number(doc.task.runs[run]?.scores?.[metric]?.[doc.i], 2)).join(' / ')}`);
    parts.push(make('p', 'small', facts.join(' · ')));
    const question = doc.task.question?.[doc.i];
    if (question) parts.push(make('h4', '', 'Question'), make('pre', '', question));
    else parts.push(make('p', 'small', byId('documents-hint').textContent));
    if (runs.some(run => of(doc, run, 'lps')?.length > 0)) parts.push(...choices(doc, runs));
    else if (doc.task.choices?.[doc.i]?.length > 0) parts.push(plainChoices(doc));
    if (runs.some(run => of(doc, run, 'text') !== null)) parts.push(generated(doc, runs));
    if (doc.task.solution?.[doc.i]) parts.push(make('h4', '', 'Reference solution'), make('pre', '', doc.task.solution[doc.i]));
    return parts;
  }

  // Choices with each run's log-likelihood, per character where that decides, and share of probability.
  function choices(doc, runs) {
    const first = doc.task.mc1?.[doc.i];
    const all = Math.max(...runs.map(run => of(doc, run, 'lps')?.length ?? 0));
    if (!first) return [choiceTable(doc, runs, 0, all, 'Choices')];
    return [choiceTable(doc, runs, 0, first, 'mc1: one is true'), choiceTable(doc, runs, first, all, 'mc2: several are true')];
  }

  function choiceTable(doc, runs, from, to, title) {
    const perCharacter = doc.task.headline.split(',')[0] === 'acc_norm';
    const table = make('table', 'choices');
    table.append(make('caption', '', title));
    const head = make('tr');
    const heads = ['', 'Choice', ...runs.flatMap(run => [`${data.runs[run]}: ${perCharacter ? 'nats per character' : 'log-likelihood'}`, 'share'])];
    heads.forEach((text, i) => {
      const cell = make('th', i > 1 ? 'num own' : '', text || make('span', 'hidden', 'Letter'));
      cell.scope = 'col';
      head.append(cell);
    });
    table.append(make('thead', '', head));
    const body = make('tbody');
    const shares = runs.map(run => softmax((of(doc, run, 'lps') ?? []).slice(from, to)));
    for (let i = from; i < to; i++) {
      const isGold = doc.task.labels?.[doc.i]?.length > 0 ? doc.task.labels[doc.i][i] === 1 : doc.task.gold?.[doc.i] === i;
      const name = make('th', '', letter(i - from));
      name.scope = 'row';
      const line = make('tr', isGold ? 'gold' : '', name,
        make('td', 'text', isGold ? make('span', 'right', '✓ ') : null, isGold ? make('span', 'hidden', 'right: ') : null,
          doc.task.choices?.[doc.i]?.[i] ?? ''));
      runs.forEach((run, r) => {
        const value = of(doc, run, 'lps')?.[i];
        const length = of(doc, run, 'lengths')?.[i];
        const shown = perCharacter && typeof value === 'number' && length > 0 ? value / length : value;
        const chosen = from === 0 && of(doc, run, 'prediction') === i;
        const share = shares[r][i - from] ?? null;
        line.append(
          label(make('td', 'num', number(shown, perCharacter ? 3 : 2), chosen ? make('span', 'pm', ' chosen') : null), heads[2 + 2 * r]),
          label(make('td', 'num', bar(share, run), share === null ? '–' : `${(100 * share).toFixed(1)} %`), `${data.runs[run]}: share`));
      });
      body.append(line);
    }
    table.append(body);
    return make('div', 'scroll', table);
  }

  function bar(share, run) {
    const fill = make('span', `share bg-run${run % 6}`);
    fill.style.width = `${Math.round(4 * (share ?? 0) * 100) / 100}rem`;
    const track = make('span', 'tracks', fill);
    track.setAttribute('aria-hidden', 'true');
    return track;
  }

  function softmax(lps) {
    if (!lps.every(value => typeof value === 'number')) return lps.map(() => null);
    const most = Math.max(...lps);
    const parts = lps.map(value => Math.exp(value - most));
    const sum = parts.reduce((a, b) => a + b, 0);
    return parts.map(part => part / sum);
  }

  function plainChoices(doc) {
    const list = make('ol', '', ...doc.task.choices[doc.i].map(text => make('li', 'own', text)));
    list.type = 'A';
    return list;
  }

  function generated(doc, runs) {
    return make('div', 'sides', ...runs.map(run => {
      const text = of(doc, run, 'text');
      const answer = of(doc, run, 'answer');
      return make('div', '', make('h4', 'own', `${data.runs[run]} wrote`), make('pre', '', text ?? ''),
        make('p', 'small own', `${answer === null ? 'no answer found in it' : `answer found: ${answer}`}; right: ${gold(doc)}`));
    }));
  }

  return contents;
}
