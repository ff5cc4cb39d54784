(() => {
  'use strict';
  const value = (cell) => {
    const text = cell.getAttribute('data-sort');
    return text === null ? null : Number(text);
  };
  const compare = (a, b, sign) => {
    const [x, y] = [value(a), value(b)];
    // Unknown figures stay at the end in both directions.
    if (x === null && y === null) return sign * a.textContent.localeCompare(b.textContent);
    if (x === null) return 1;
    if (y === null) return -1;
    return sign * (x - y);
  };
  addEventListener('beforeprint', () => {
    for (const part of document.querySelectorAll('.warnings details')) part.open = true;
  });
  for (const table of document.querySelectorAll('table.sortable')) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, at) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.textContent = head.textContent;
      head.textContent = '';
      head.append(button);
      button.addEventListener('click', () => {
        const first = head.classList.contains('number') ? 'descending' : 'ascending';
        const other = first === 'ascending' ? 'descending' : 'ascending';
        const order = head.getAttribute('aria-sort') === first ? other : first;
        heads.forEach((one) => one.removeAttribute('aria-sort'));
        head.setAttribute('aria-sort', order);
        const sign = order === 'ascending' ? 1 : -1;
        const body = table.tBodies[0];
        body.append(...[...body.rows].sort((a, b) => compare(a.cells[at], b.cells[at], sign)));
      });
    });
  }
})();
