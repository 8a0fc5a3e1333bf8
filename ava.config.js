export default {
  // The virtual CPU is in no machine yet, and one of its suites with several threads can hang: `npm run test:vcpu`.
  // synchronous-loop.test.ts fails on some runs (the loop's turn count does not advance); the cause is not known.
  files:
    process.env.TROUPE_TEST_VCPU === '1'
      ? ['test/vcpu/**/*.test.ts']
      : ['test/**/*.test.ts', '!test/vcpu/**', '!test/actors/synchronous-loop.test.ts'],
  extensions: ['ts'],
  nodeArguments: ['--import=tsx'],
  workerThreads: false,
  timeout: '2m',
};
