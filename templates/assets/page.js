// The latest of the section, fetched when the reader comes near. Until then, and without script, the link stands in its place.
const place = document.querySelector('[data-fragment]');

async function fetchLatest() {
  const response = await fetch(place.dataset.fragment);
  if (!response.ok) return;
  const list = new DOMParser().parseFromString(await response.text(), 'text/html').querySelector('ul');
  const here = list && list.querySelector(`a[href="${location.pathname}"]`);
  if (here) here.closest('li').remove();
  if (list && list.children.length) place.before(document.adoptNode(list));
}

new IntersectionObserver((entries, observer) => {
  if (!entries.some((entry) => entry.isIntersecting)) return;
  observer.disconnect();
  fetchLatest().catch(() => {});
}, { rootMargin: '50%' }).observe(place);
