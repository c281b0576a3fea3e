// What a plot's bands say: by pointer, by touch, or by arrow keys when the plot has the focus.
(() => {
  const words = new Map();
  for (const band of document.querySelectorAll('.tip')) {
    const title = band.querySelector('title');
    words.set(band, title.textContent);
    title.remove();
  }
  if (words.size === 0) return;
  const box = make('div', 'tooltip');
  box.setAttribute('role', 'status');
  const help = make('p', 'hidden', 'The arrow keys read its values.');
  help.id = 'tips-help';
  document.body.append(box, help);
  const at = new Map();
  let shown = null;

  function show(band) {
    if (shown === band) return;
    shown?.classList.remove('on');
    shown = band;
    box.classList.toggle('shown', band !== null);
    if (band === null) return;
    band.classList.add('on');
    box.textContent = words.get(band);
    place();
  }

  function place() {
    const [spot, size] = [shown.getBoundingClientRect(), box.getBoundingClientRect()];
    const left = Math.min(Math.max(8, spot.left + (spot.width - size.width) / 2), document.documentElement.clientWidth - size.width - 8);
    const above = spot.top - size.height - 6;
    box.style.left = `${Math.max(8, left)}px`;
    box.style.top = `${above >= 4 ? above : spot.bottom + 6}px`;
  }

  for (const plot of document.querySelectorAll('svg')) {
    const bands = [...plot.querySelectorAll('.tip')];
    if (bands.length === 0) continue;
    plot.setAttribute('tabindex', '0');
    plot.setAttribute('aria-describedby', help.id);
    plot.addEventListener('blur', () => show(null));
    plot.addEventListener('keydown', event => {
      const i = at.get(plot) ?? -1;
      const to = { ArrowRight: i + 1, ArrowDown: i + 1, ArrowLeft: i - 1, ArrowUp: i - 1, Home: 0, End: bands.length - 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      at.set(plot, Math.min(Math.max(0, to), bands.length - 1));
      show(bands[at.get(plot)]);
    });
  }
  document.addEventListener('pointerover', event => show(event.target.closest('.tip')));
  document.addEventListener('keydown', event => event.key === 'Escape' && show(null));
  document.addEventListener('scroll', () => shown && place(), { passive: true, capture: true });
})();
