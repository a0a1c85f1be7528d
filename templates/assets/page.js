// What a page does beyond its links: menus and 'latest' from fragments, the search overlay, the device's share sheet. Everything works without it.
const fragments = new Map();

/** The list in the fragment at `url`, fetched once; null where there is none. */
async function fragment(url) {
  if (!fragments.has(url)) {
    fragments.set(url, fetch(url).then(async (response) => {
      if (!response.ok) return null;
      return new DOMParser().parseFromString(await response.text(), 'text/html').querySelector('ul');
    }).catch(() => null));
  }
  const list = await fragments.get(url);
  return list && document.importNode(list, true);
}

// The menu: a panel shows what is newest in the section, or in the sub-section that the reader points at. Who comes by key walks on into what is
// shown, so that does not change under way.
const menu = document.getElementById('menu');
const bar = matchMedia('(min-width: 60rem) and (hover: hover)');

async function point({ type, target }) {
  const entry = target.closest('.menu > li');
  const link = type === 'focusin' ? entry?.querySelector('[data-fragment]') : target.closest('[data-fragment]');
  const panel = entry?.querySelector('.panel');
  if (!link || !panel || !bar.matches || panel.dataset.shown === link.dataset.fragment) return;
  panel.dataset.shown = link.dataset.fragment;
  const list = await fragment(link.dataset.fragment);
  if (!list || panel.dataset.shown !== link.dataset.fragment) return;
  list.setAttribute('aria-label', link.textContent);
  panel.querySelector('.titles')?.remove();
  panel.append(list);
}

for (const event of ['pointerover', 'focusin']) menu?.addEventListener(event, point);

// What Esc has shut stays shut until the reader turns to another entry.
const shut = () => document.querySelector('.menu > .shut');
document.addEventListener('keydown', (event) => {
  const open = event.key === 'Escape' && menu?.querySelector('.menu > li:is(:hover, :focus-within)');
  if (!open || !bar.matches) return;
  if (open.querySelector('.panel')?.contains(document.activeElement)) open.querySelector('a').focus();
  open.classList.add('shut');
});
menu?.addEventListener('pointerout', ({ relatedTarget }) => shut()?.contains(relatedTarget) || shut()?.classList.remove('shut'));
menu?.addEventListener('focusout', ({ relatedTarget }) => {
  if (!shut()?.contains(relatedTarget)) shut()?.classList.remove('shut');
  // Nobody is to be behind the drawer.
  if (relatedTarget && !menu.contains(relatedTarget) && menu.matches(':popover-open')) menu.hidePopover();
});

// Who goes to another place of the same page is not to be left behind the drawer.
menu?.addEventListener('click', ({ target }) => target.closest('a') && menu.matches(':popover-open') && menu.hidePopover());

// The latest of the section, fetched when the reader comes near. Until then the link stands in its place.
const latest = document.querySelector('[data-latest]');
if (latest) {
  new IntersectionObserver(async (entries, observer) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    observer.disconnect();
    const list = await fragment(latest.dataset.latest);
    // What the reader is at, or has just been told of.
    const told = new Set([location.pathname, ...[...latest.closest('aside').querySelectorAll('a')].map((link) => link.pathname)]);
    for (const item of [...(list?.children ?? [])]) if (told.has(item.querySelector('a').pathname)) item.remove();
    if (list?.children.length) latest.before(list);
  }, { rootMargin: '50%' }).observe(latest);
}

// Search: its script comes when the reader turns to it.
const overlay = document.querySelector('dialog');
const form = document.querySelector('form.search');

async function ready() {
  form.removeEventListener('focusin', ready);
  (await import(form.dataset.script)).attach(form);
}

form?.addEventListener('focusin', ready);
if (form && !overlay) ready();

function find(event) {
  event.preventDefault();
  if (overlay && !overlay.open) overlay.showModal();
  form.q.focus();
}

document.querySelector('.find')?.addEventListener('click', (event) => {
  if (overlay && !event.metaKey && !event.ctrlKey && !event.shiftKey) find(event);
});
document.addEventListener('keydown', (event) => {
  const typing = event.target.closest?.('input, textarea, select, [contenteditable]');
  if (form && event.key === '/' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) find(event);
});
overlay?.addEventListener('click', (event) => event.target === overlay && overlay.close());

const share = document.querySelector('[data-share]');
if (share && navigator.share) {
  share.closest('li').hidden = false;
  share.addEventListener('click', () => {
    navigator.share({ title: document.querySelector('h1').textContent, url: document.querySelector('link[rel=canonical]').href }).catch(() => {});
  });
}
