// Search as one types: through the months, newest first, each fetched when it is come to and kept.
const MOST = 30; // that are shown
const AT_ONCE = 4; // months that are fetched together
const kept = new Map();

// Without accents and quotation marks, which people write in many ways; an apostrophe is one of them.
const plain = (text) => text.normalize('NFKD').replace(/[\p{M}\p{Pi}\p{Pf}"'‚„]/gu, '').toLowerCase();

function get(name) {
  if (!kept.has(name)) {
    const answer = fetch(`/search/${name}.json`).then((response) => (response.ok ? response.json() : Promise.reject(response.status)));
    kept.set(name, answer);
    answer.catch(() => kept.delete(name));
  }
  return kept.get(name);
}

async function* articles() {
  const months = await get('months');
  for (let next = 0; next < months.length; next += AT_ONCE) {
    for (const month of await Promise.all(months.slice(next, next + AT_ONCE).map(get))) yield* month;
  }
}

function entry([url, title, summary, date, , lang]) {
  const item = document.createElement('li');
  const link = document.createElement('a');
  link.href = url;
  link.textContent = title;
  const rest = document.createElement('p');
  rest.className = 'summary';
  const said = document.createElement('span');
  said.textContent = summary;
  for (const own of lang ? [link, said] : []) Object.assign(own, { lang, dir: 'auto' });
  rest.append(date, summary && ' · ', said);
  item.append(link, rest);
  return item;
}

/** Fills the form's list with what has all the words of its field. */
export function attach(form) {
  const list = form.querySelector('ol');
  const status = form.querySelector('[role=status]');
  const said = form.dataset;
  let latest = 0;

  async function look() {
    const mine = ++latest;
    const words = plain(form.q.value).split(/\s+/).filter(Boolean);
    const found = document.createDocumentFragment();
    status.textContent = words.length ? said.looking : '';
    if (words.length) {
      try {
        for await (const article of articles()) {
          if (mine !== latest) return;
          const [, title, summary, , names] = article;
          const text = plain([title, summary, names].join(' '));
          if (words.every((word) => text.includes(word)) && found.childElementCount <= MOST) found.append(entry(article));
          if (found.childElementCount > MOST) break;
        }
      } catch {
        if (mine === latest) status.textContent = said.failed;
        return;
      }
      const many = found.childElementCount > MOST;
      if (many) found.lastElementChild.remove();
      const count = found.childElementCount;
      status.textContent = (many ? said.many : count ? said.found : said.nothing).replace('{}', count);
    }
    list.replaceChildren(found);
  }

  form.q.addEventListener('input', look);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    look();
  });
  form.addEventListener('keydown', (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const places = [form.q, ...list.querySelectorAll('a')];
    const next = places[places.indexOf(document.activeElement) + step];
    if (next) {
      event.preventDefault();
      next.focus();
    }
  });

  form.q.value ||= new URLSearchParams(location.search).get('q') ?? '';
  if (form.q.value) look();
}
