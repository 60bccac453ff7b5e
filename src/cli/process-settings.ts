// What Node and libraries read from the environment once, early, and for good. Imported first, for its effect; what the operator has set stays.

/**
 * libuv has four threads for all that waits for the disk. An upload keeps three waiting for their syncs; whoever else reads or writes
 * meanwhile would wait behind them. It counts the threads when the first is needed, which is later than this.
 */
process.env.UV_THREADPOOL_SIZE ??= '8'

/** graphql-js looks at its own types more closely otherwise, for developers who have two copies of it: half a millisecond a request (measured). */
process.env.NODE_ENV ??= 'production'
