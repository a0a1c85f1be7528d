// Viewer response: a redirect or a 410 is an object whose metadata says so, and becomes the real answer here.
// Only the metadata counts, never the URL, so that such an answer is put, purged and rebuilt as every other object is.
// CloudFront runs this for hits and misses, but not where the origin answered 400 or more.

function handler(event) {
  const response = event.response;
  const headers = response.headers;
  const status = headers['x-amz-meta-status'] && headers['x-amz-meta-status'].value;
  const location = headers['x-amz-meta-location'] && headers['x-amz-meta-location'].value;
  delete headers['x-amz-meta-status'];
  delete headers['x-amz-meta-location'];

  if (status === '301' && location) {
    response.statusCode = 301;
    response.statusDescription = 'Moved Permanently';
    response.body = { encoding: 'text', data: '' };
    // What described the body that is gone; without a validator, no 304 can keep an old location alive.
    ['content-type', 'content-encoding', 'etag', 'last-modified'].forEach((name) => delete headers[name]);
    headers['content-length'] = { value: '0' };
    headers['location'] = { value: location };
    // Browsers keep a 301 that names no term for ever, and no purge reaches them.
    headers['cache-control'] = { value: 'public, max-age=60' };
  }
  // A 304 already has a browser show the 410 that it kept. A response without a body field keeps its own body.
  if (status === '410' && response.statusCode !== 304) {
    response.statusCode = 410;
    response.statusDescription = 'Gone';
  }
  return response;
}
