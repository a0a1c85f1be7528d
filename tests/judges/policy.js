// What is weak in a content security policy: [[directive, value, severity], …], the least severity being the worst.
const { CspEvaluator } = require('csp_evaluator/dist/evaluator');
const { CspParser } = require('csp_evaluator/dist/parser');

const found = new CspEvaluator(new CspParser(process.argv[2]).csp).evaluate();
console.log(JSON.stringify(found.map(({ directive, value, severity }) => [directive, value ?? '', severity])));
