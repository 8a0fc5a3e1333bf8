/** Makes the golden corpus on a host with every extension: `tsx test/vcpu/simd/make-golden.ts`. */
import { STATE_BYTES } from './cases.ts';
import { CASES_PER_FORM, digestAll, makeCases, writeDigests } from './corpus.ts';
import { allForms } from './forms.ts';
import { askOracle } from './oracle.ts';

const BATCH = 500;
const forms = allForms();
const digests = new Uint32Array(forms.length);
for (let first = 0; first < forms.length; first += BATCH) {
  const part = forms.slice(first, first + BATCH);
  const states = askOracle(makeCases(part, first, CASES_PER_FORM, 0));
  if (states.length !== part.length * CASES_PER_FORM * STATE_BYTES)
    throw new Error('The oracle answered too little');
  digests.set(digestAll(part, states, CASES_PER_FORM), first);
}
writeDigests(digests);
