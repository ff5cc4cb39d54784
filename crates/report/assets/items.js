(() => {
  'use strict';
  const PAGE = 50;
  const WORDS = { P: '✓', F: '✗', M: '±', '-': '·' };
  const byId = (id) => document.getElementById(id);
  const read = (id) => JSON.parse(byId(id).textContent);
  const names = read('item-names');
  const index = read('item-index');
  const blocks = new Map();
  // Blocks are parsed when first needed, so that a large report opens at once.
  const body = (entry) => {
    if (!blocks.has(entry.block)) blocks.set(entry.block, read('items-' + entry.block));
    return blocks.get(entry.block)[entry.at];
  };
  const make = (tag, text, name) => {
    const element = document.createElement(tag);
    if (text !== undefined) element.textContent = text;
    if (name) element.className = name;
    return element;
  };
  const disagree = (entry) => new Set(entry.outcomes.replace(/-/g, '')).size > 1 || entry.outcomes.includes('M');
  const filters = {
    disagree,
    all: () => true,
    fail: (entry) => /[FM]/.test(entry.outcomes),
    missing: (entry) => entry.outcomes.includes('-'),
  };
  const texts = (entry) => {
    if (entry.text === undefined) {
      const item = body(entry);
      const parts = [entry.id, ...entry.tags, item.input, item.expected || '', ...(item.criteria || [])];
      for (const answer of item.answers) parts.push(answer.output || '', answer.note || '', answer.explanation || '');
      entry.text = parts.join('\n').toLowerCase();
    }
    return entry.text;
  };
  const block = (parent, title, text) => {
    parent.append(make('h4', title), make('pre', text));
  };
  const answerView = (answer) => {
    const view = make('section');
    const head = make('h4', names[answer.candidate] || '#' + answer.candidate);
    const marks = [];
    if (answer.pass !== undefined) marks.push(answer.pass ? '✓ pass' : '✗ fail');
    if (answer.score !== undefined) marks.push('score ' + answer.score.toFixed(2));
    if (answer.repeat > 0) marks.push('repeat ' + (answer.repeat + 1));
    if (answer.note) marks.push(answer.note);
    head.append(make('span', marks.length ? ' · ' + marks.join(' · ') : ''));
    view.append(head);
    if (answer.output !== undefined) view.append(make('pre', answer.output));
    else view.append(make('p', 'no answer', 'missing'));
    if (answer.explanation) view.append(make('p', answer.explanation));
    return view;
  };
  const fill = (details, entry) => {
    const item = body(entry);
    block(details, 'Input', item.input);
    if (item.expected !== undefined) block(details, 'Expected', item.expected);
    if (item.criteria) block(details, 'Criteria', item.criteria.join('\n'));
    const answers = make('div', undefined, 'answers');
    answers.append(...item.answers.map(answerView));
    details.append(answers);
    if (item.more_answers) details.append(make('p', item.more_answers + ' more answers are not embedded'));
  };
  const row = (entry) => {
    const details = make('details', undefined, 'item');
    const summary = make('summary');
    const marks = make('span', undefined, 'marks');
    const said = [];
    [...entry.outcomes].forEach((outcome, at) => {
      const mark = make('span', WORDS[outcome] || '·', outcome);
      mark.title = names[at] || '';
      said.push((names[at] || '') + ': ' + ({ P: 'pass', F: 'fail', M: 'mixed' }[outcome] || 'missing'));
      marks.append(mark);
    });
    marks.setAttribute('role', 'img');
    marks.setAttribute('aria-label', said.join(', '));
    summary.append(make('b', entry.id), marks);
    if (entry.tags.length) summary.append(make('span', entry.tags.join(', '), 'tags'));
    details.append(summary);
    details.addEventListener('toggle', () => {
      if (details.open && details.childElementCount === 1) fill(details, entry);
    });
    return details;
  };
  const list = byId('list');
  const more = byId('more');
  const filter = byId('filter');
  const query = byId('query');
  let found = [];
  let shown = 0;
  const showMore = () => {
    list.append(...found.slice(shown, shown + PAGE).map(row));
    shown = Math.min(shown + PAGE, found.length);
    more.hidden = shown >= found.length;
  };
  const apply = () => {
    const wanted = query.value.trim().toLowerCase();
    found = index.filter(filters[filter.value]);
    if (wanted) found = found.filter((entry) => texts(entry).includes(wanted));
    byId('found').textContent = found.length + ' of ' + index.length;
    list.replaceChildren();
    shown = 0;
    showMore();
  };
  let timer;
  query.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(apply, 150);
  });
  filter.addEventListener('change', apply);
  more.addEventListener('click', showMore);
  document.querySelector('.tools').addEventListener('submit', (event) => event.preventDefault());
  if (!index.some(disagree)) filter.value = 'all';
  byId('browser').hidden = false;
  apply();
})();
