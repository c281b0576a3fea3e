'use strict';
// The browser of documents. All text from models and datasets becomes text nodes, never markup.
(() => {
  const PAGE = 25;
  const byId = id => document.getElementById(id);
  const holder = byId('documents-data');
  if (!holder) return;
  const count = byId('documents-count');

  start().catch(error => {
    count.textContent = `The documents cannot be shown: ${error.message}`;
    count.classList.add('warning');
  });

  async function start() {
    count.textContent = 'Reading the documents …';
    const data = await unpack(holder.textContent.trim());
    holder.remove();
    browse(data);
  }

  async function unpack(base64) {
    if (typeof DecompressionStream !== 'function')
      throw new Error('this browser has no DecompressionStream. Open the file in a browser of 2023 or later.');
    const letters = atob(base64);
    const bytes = new Uint8Array(letters.length);
    for (let i = 0; i < letters.length; i++) bytes[i] = letters.charCodeAt(i);
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
    return JSON.parse(await new Response(stream).text());
  }

  // An element of a class, with text and elements inside.
  function make(tag, name, ...inside) {
    const element = document.createElement(tag);
    if (name) element.className = name;
    for (const part of inside)
      if (part !== null && part !== undefined) element.append(part);
    return element;
  }

  function browse(data) {
    const [table, form] = [byId('documents-table'), byId('documents-form')];
    const [task, show, order, search, other] = ['task', 'show', 'order', 'search', 'other'].map(name => byId(`documents-${name}`));
    const [previous, next, page] = [byId('documents-previous'), byId('documents-next'), byId('documents-page')];
    const docs = data.tasks.flatMap((task, t) => task.ids.map((_, i) => ({ task, t, i, text: null })));
    const two = data.runs.length > 1;
    const moves = two && data.tasks.some(task => task.runs.some(run => run?.margin));
    const state = { found: docs, at: 0 };

    fillTasks();
    const pair = () => two ? [0, other ? Number(other.value) : 1] : [0];
    const of = (doc, run, what) => doc.task.runs[run]?.[what]?.[doc.i] ?? null;
    const right = (doc, run) => of(doc, run, 'right');
    const margin = (doc, run) => {
      const value = of(doc, run, 'margin');
      return typeof value === 'number' ? value : null;
    };
    const change = doc => {
      const [a, b] = pair().map(run => margin(doc, run));
      return a === null || b === null ? null : b - a;
    };

    const shows = {
      all: () => true,
      right: doc => right(doc, 0) === 1,
      wrong: doc => right(doc, 0) === 0,
      near: doc => pair().some(run => margin(doc, run) !== null && Math.abs(margin(doc, run)) < doc.task.runs[run].near),
      truncated: doc => pair().some(run => of(doc, run, 'truncated') > 0),
      flips: doc => both(doc, (a, b) => a !== b),
      lost: doc => both(doc, (a, b) => a === 1 && b === 0),
      gained: doc => both(doc, (a, b) => a === 0 && b === 1),
      bothright: doc => both(doc, (a, b) => a === 1 && b === 1),
      bothwrong: doc => both(doc, (a, b) => a === 0 && b === 0),
      changed: doc => {
        const [a, b] = pair().map(run => of(doc, run, 'prediction') ?? of(doc, run, 'answer') ?? of(doc, run, 'text'));
        return a !== b;
      },
    };
    function both(doc, holds) {
      const [a, b] = pair().map(run => right(doc, run));
      return a !== null && b !== null && holds(a, b);
    }

    // What is sorted by; documents without it come last.
    const orders = {
      asked: null,
      close: doc => Math.min(...pair().map(run => margin(doc, run)).filter(value => value !== null).map(Math.abs)),
      sure: doc => margin(doc, 0),
      change: doc => -Math.abs(change(doc) ?? 0),
      worse: doc => change(doc) ?? Infinity,
      better: doc => -(change(doc) ?? -Infinity),
      long: doc => -(of(doc, 0, 'prompt') ?? of(doc, 1, 'prompt') ?? -Infinity),
    };

    function fillTasks() {
      const group = (label, options) => {
        const element = make('optgroup', '', ...options.map(([value, text]) => {
          const option = make('option', '', text);
          option.value = value;
          return option;
        }));
        element.label = label;
        task.append(element);
      };
      const columns = [...new Set(data.tasks.map(task => task.column))];
      group('Columns', columns.map(column => [`c:${column}`, column]));
      group('Tasks', data.tasks.map((task, t) => [`t:${t}`, task.name]));
    }

    function searched(doc) {
      if (doc.text === null)
        doc.text = [doc.task.name, String(doc.task.ids[doc.i]), doc.task.question?.[doc.i] ?? '',
          ...(doc.task.choices?.[doc.i] ?? []), ...data.runs.map((_, run) => of(doc, run, 'text') ?? '')].join('\n').toLowerCase();
      return doc.text;
    }

    // Another letter of the same search often finds the same documents: then what is opened stays open.
    function filter(isSearch = false) {
      const [kind, chosen] = [task.value.slice(0, 1), task.value.slice(2)];
      const words = search.value.toLowerCase().split(/\s+/).filter(word => word);
      const wanted = shows[show.value];
      let found = docs.filter(doc =>
        (kind === 'c' ? doc.task.column === chosen : kind === 't' ? doc.t === Number(chosen) : true)
        && wanted(doc) && words.every(word => searched(doc).includes(word)));
      const by = orders[order.value];
      if (by) {
        const keyed = found.map(doc => [by(doc) ?? Infinity, doc]);
        keyed.sort((a, b) => a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0);
        found = keyed.map(([, doc]) => doc);
      }
      if (isSearch && found.length === state.found.length && found.every((doc, i) => doc === state.found[i])) return;
      state.found = found;
      state.at = 0;
      count.textContent = `${found.length.toLocaleString('en')} of ${docs.length.toLocaleString('en')} documents`;
      draw();
    }

    function draw() {
      const pages = Math.max(1, Math.ceil(state.found.length / PAGE));
      page.textContent = `Page ${state.at + 1} of ${pages.toLocaleString('en')}`;
      previous.disabled = state.at === 0;
      next.disabled = state.at >= pages - 1;
      const runs = pair();
      const heads = ['Document', 'Right answer', ...runs.map(run => data.runs[run]), ...(moves ? ['Change of margin'] : [])];
      const head = make('tr', '', ...heads.map((text, i) => {
        const cell = make('th', i > 1 ? 'num own' : '', text);
        cell.scope = 'col';
        return cell;
      }));
      const rows = state.found.slice(state.at * PAGE, (state.at + 1) * PAGE).map((doc, i) => row(doc, runs, i));
      table.tHead.replaceChildren(head);
      table.tBodies[0].replaceChildren(...rows);
    }

    function row(doc, runs, i) {
      const toggle = make('button', 'toggle', `${doc.task.name} ${doc.task.ids[doc.i]}`);
      toggle.type = 'button';
      toggle.setAttribute('aria-expanded', 'false');
      const question = doc.task.question?.[doc.i];
      const name = make('th', '', toggle, question ? make('span', 'excerpt own', question.slice(0, 200)) : null);
      name.scope = 'row';
      const line = make('tr', '', name,
        label(make('td', '', gold(doc)), 'Right answer'), ...runs.map(run => label(verdict(doc, run), data.runs[run])));
      if (moves) {
        const by = change(doc);
        line.append(label(make('td', 'num', by === null ? '–' : signed(by)), 'Change of margin'));
      }
      toggle.addEventListener('click', () => {
        const open = toggle.getAttribute('aria-expanded') === 'true';
        toggle.setAttribute('aria-expanded', String(!open));
        if (open) {
          line.nextSibling.remove();
          toggle.removeAttribute('aria-controls');
        } else {
          const cell = make('td', '', ...contents(doc, runs));
          cell.colSpan = line.cells.length;
          const opened = make('tr', 'opened', cell);
          opened.id = `document-${i}`;
          toggle.setAttribute('aria-controls', opened.id);
          line.after(opened);
        }
      });
      return line;
    }

    function label(cell, text) {
      cell.dataset.label = text;
      return cell;
    }

    const letter = i => i === null || i === undefined ? '–' : i < 26 ? String.fromCharCode(65 + i) : String(i + 1);
    const number = (value, digits) => value === null || value === undefined ? '–' : typeof value === 'number' ? value.toFixed(digits).replace('-', '−') : value;
    const signed = value => typeof value === 'number' && value > 0 ? `+${number(value, 2)}` : number(value, 2);

    const gold = doc => doc.task.goldAnswer ? doc.task.goldAnswer[doc.i] ?? '–' : letter(doc.task.gold?.[doc.i]);

    function verdict(doc, run) {
      const was = right(doc, run);
      if (was === null) return make('td', 'num', '–');
      const said = of(doc, run, 'prediction') !== null ? letter(of(doc, run, 'prediction'))
        : of(doc, run, 'text') !== null ? of(doc, run, 'answer') ?? 'no answer' : '';
      const mark = make('span', was ? 'right' : 'wrong', was ? '✓ ' : '✗ ');
      mark.append(make('span', 'hidden', was ? 'right: ' : 'wrong: '));
      const value = of(doc, run, 'margin');
      return make('td', 'num', mark, make('span', 'own', said.slice(0, 40)), value === null ? null : make('span', 'pm', ` ${signed(value)}`));
    }

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

    let waiting = 0;
    const soon = () => {
      clearTimeout(waiting);
      waiting = setTimeout(filter, 150, true);
    };
    form.addEventListener('submit', event => event.preventDefault());
    form.addEventListener('input', event => event.target === search ? soon() : filter());
    const turn = by => {
      state.at += by;
      draw();
      byId('documents').scrollIntoView();
    };
    previous.addEventListener('click', () => turn(-1));
    next.addEventListener('click', () => turn(1));
    for (const link of document.querySelectorAll('a[data-show]'))
      link.addEventListener('click', () => {
        if (other) other.value = link.dataset.other;
        show.value = link.dataset.show;
        task.value = link.dataset.column ? `c:${link.dataset.column}` : '';
        search.value = '';
        filter();
      });
    byId('documents-browser').hidden = false;
    filter();
  }
})();
