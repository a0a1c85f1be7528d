// What Google and Facebook miss on each page whose file is named: {file: [sentence, …]}; and which kinds of things the pages describe.
const { readFileSync } = require('node:fs');
const { structuredDataTest } = require('structured-data-testing-tool');
const { Google, Facebook } = require('structured-data-testing-tool/presets');

(async () => {
  const missed = {};
  const kinds = new Set();
  for (const file of process.argv.slice(2)) {
    const found = await structuredDataTest(readFileSync(file, 'utf8'), { presets: [Google, Facebook] }).catch((error) => error.res);
    missed[file] = [...found.failed, ...found.warnings].map(({ group, test, error }) => `${group}: ${error?.message ?? test}`);
    found.schemas.forEach((kind) => kinds.add(kind));
  }
  console.log(JSON.stringify({ missed, kinds: [...kinds] }));
})();
