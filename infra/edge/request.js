// Viewer request: from the URL of a page to the key of its object.
// The object of a page is <path>/index.html, and its one URL ends in a slash. A last segment with a dot names a file.
// Nothing but the form of the path counts: which URLs exist, the site bucket alone knows.

function handler(event) {
  const request = event.request;
  const uri = request.uri;
  const last = uri.slice(uri.lastIndexOf('/') + 1);

  if (last === '') {
    request.uri = uri + 'index.html';
    return request;
  }
  if (last.includes('.')) {
    return request;
  }
  // One leading slash: a browser takes //host/ and /\host/ for another site.
  const path = uri.replace(/^[\/\\]+/, '/') + '/';
  return {
    statusCode: 301,
    statusDescription: 'Moved Permanently',
    headers: {
      'location': { value: path + search(request.querystring) },
      'cache-control': { value: 'public, max-age=3600' },
    },
  };
}

// The event holds names and values as the reader sent them, percent-encoded, so they are joined again and not encoded twice.
function search(querystring) {
  const pairs = Object.keys(querystring).map((name) => {
    const values = querystring[name].multiValue || [querystring[name]];
    return values.map((item) => (item.value === '' ? name : name + '=' + item.value)).join('&');
  });
  return pairs.length ? '?' + pairs.join('&') : '';
}
