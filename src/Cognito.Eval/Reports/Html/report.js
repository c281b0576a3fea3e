// The browser of documents: what is shown stands in the address behind the hash, so that it can be kept and sent.
(() => {
  const PAGE = 25;
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

  function browse(data) {
    const [table, form] = [byId('documents-table'), byId('documents-form')];
    const [task, show, order, search, other] = ['task', 'show', 'order', 'search', 'other'].map(name => byId(`documents-${name}`));
    const [previous, next, page] = [byId('documents-previous'), byId('documents-next'), byId('documents-page')];
    const [clear, save] = [byId('documents-clear'), byId('documents-save')];
    const controls = Object.entries({ task, show, order, other, q: search }).filter(([, control]) => control);
    const docs = data.tasks.flatMap((task, t) => task.ids.map((_, i) => ({ task, t, i, text: null })));
    const two = data.runs.length > 1;
    const moves = two && data.tasks.some(task => task.runs.some(run => run?.margin));
    const state = { found: docs, at: 0 };

    fillTasks();
    const usual = new Map(controls.map(([, control]) => [control, control.value]));
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
      higher: doc => moved(doc) > 0,
      lower: doc => moved(doc) < 0,
      bothright: doc => both(doc, (a, b) => a === 1 && b === 1),
      bothwrong: doc => both(doc, (a, b) => a === 0 && b === 0),
      changed: doc => {
        const [a, b] = pair().map(run => of(doc, run, 'prediction') ?? of(doc, run, 'answer') ?? of(doc, run, 'text'));
        return a !== b;
      },
      notfinite: doc => pair().some(run => of(doc, run, 'lps')?.some(value => typeof value === 'string')),
    };
    // Of scores that are no 0 and 1 the report says it.
    function moved(doc) {
      const [a, b] = pair().map(run => right(doc, run));
      return of(doc, pair()[1], 'moved') ?? (a === null || b === null ? null : b - a);
    }
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
      if (data.averages.some(columns => columns.length > 0)) group('Average', [['average', 'What the average is of']]);
      group('Columns', columns.map(column => [`c:${column}`, column]));
      group('Tasks', data.tasks.map(task => [`t:${task.name}`, task.name]));
    }

    function isOf(kind) {
      if (kind === '') return () => true;
      if (kind === 'average') {
        const columns = new Set(data.averages[pair().at(-1)]);
        return doc => columns.has(doc.task.column);
      }
      return kind.startsWith('c:') ? doc => doc.task.column === kind.slice(2) : doc => doc.task.name === kind.slice(2);
    }

    function searched(doc) {
      if (doc.text === null)
        doc.text = [doc.task.name, String(doc.task.ids[doc.i]), doc.task.question?.[doc.i] ?? '',
          ...(doc.task.choices?.[doc.i] ?? []), ...data.runs.map((_, run) => of(doc, run, 'text') ?? '')].join('\n').toLowerCase();
      return doc.text;
    }

    // Another letter of the same search often finds the same documents: then what is opened stays open.
    function filter(isSearch = false) {
      const chosen = isOf(task.value);
      const words = search.value.toLowerCase().split(/\s+/).filter(word => word);
      const wanted = shows[show.value];
      let found = docs.filter(doc => chosen(doc) && wanted(doc) && words.every(word => searched(doc).includes(word)));
      const by = orders[order.value];
      if (by) {
        const keyed = found.map(doc => [by(doc) ?? Infinity, doc]);
        keyed.sort((a, b) => a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0);
        found = keyed.map(([, doc]) => doc);
      }
      clear.disabled = controls.every(([, control]) => control.value === usual.get(control));
      if (isSearch && found.length === state.found.length && found.every((doc, i) => doc === state.found[i])) return write();
      state.found = found;
      state.at = 0;
      save.disabled = found.length === 0;
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
      write();
    }

    // What is not as usual, and the page.
    function write() {
      const words = new URLSearchParams(controls.filter(([, control]) => control.value !== usual.get(control)).map(([name, control]) => [name, control.value]));
      if (state.at > 0) words.set('page', state.at + 1);
      const hash = words.size > 0 ? `#documents?${words}` : '#documents';
      if (hash !== location.hash && (words.size > 0 || location.hash.startsWith('#documents?'))) history.replaceState(null, '', hash);
    }

    // Takes the filters from the address; those that it does not name, or that are not there, become as usual.
    function read() {
      if (!location.hash.startsWith('#documents?')) return false;
      const words = new URLSearchParams(location.hash.slice(11));
      for (const [name, control] of controls) {
        const wanted = words.get(name);
        const isThere = wanted !== null && (control === search || [...control.options].some(option => option.value === wanted));
        control.value = isThere ? wanted : usual.get(control);
      }
      const at = Number(words.get('page')) - 1;
      filter();
      if (at > 0) {
        state.at = Math.min(Math.floor(at), Math.max(0, Math.ceil(state.found.length / PAGE) - 1));
        draw();
      }
      byId('documents').scrollIntoView();
      return true;
    }

    function csv() {
      const runs = pair();
      const metrics = [...new Set(data.tasks.flatMap(task => task.runs.flatMap(run => Object.keys(run?.scores ?? {}))))];
      const each = (names, values) => names.flatMap((name, i) => runs.map(run => values(run, i)));
      const heads = ['answer', 'right', 'margin', ...metrics, 'prompt_tokens', 'truncated', 'text'];
      const rows = state.found.map(doc => [doc.task.name, doc.task.ids[doc.i], doc.task.column, gold(doc), doc.task.question?.[doc.i],
        ...each(heads, (run, i) => [
          () => of(doc, run, 'prediction') === null ? of(doc, run, 'answer') : letter(of(doc, run, 'prediction')),
          () => right(doc, run), () => of(doc, run, 'margin'),
          ...metrics.map(metric => () => doc.task.runs[run]?.scores?.[metric]?.[doc.i]),
          () => of(doc, run, 'prompt'), () => of(doc, run, 'truncated'), () => of(doc, run, 'text')][i]())]);
      return toCsv([['task', 'row', 'column', 'right_answer', 'question',
        ...each(heads, (run, i) => two ? `${heads[i]}: ${data.runs[run]}` : heads[i])], ...rows]);
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

    const gold = doc => doc.task.goldAnswer ? doc.task.goldAnswer[doc.i] ?? '–' : letter(doc.task.gold?.[doc.i]);
    const contents = documentContents(data, of, gold);

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
    clear.addEventListener('click', () => {
      for (const [, control] of controls) control.value = usual.get(control);
      filter();
      task.focus();
    });
    save.addEventListener('click', () => {
      const link = make('a');
      link.href = URL.createObjectURL(new Blob([csv()], { type: 'text/csv;charset=utf-8' }));
      link.download = 'documents.csv';
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    });
    window.addEventListener('hashchange', read);
    // A link to what is shown already changes no address.
    for (const link of document.querySelectorAll('a[href^="#documents?"]'))
      link.addEventListener('click', () => link.hash === location.hash && read());
    byId('documents-browser').hidden = false;
    if (!read()) filter();
  }
})();
