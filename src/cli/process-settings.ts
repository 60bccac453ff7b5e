// Variables that Node and libraries read once, early. This module is imported first, for its effect. Values of the operator stay.

/**
 * libuv has four threads for disk access by default. An upload occupies three with syncs, and other reads and writes would wait for it. libuv
 * reads the variable when it needs the first thread, which is later than this.
 */
process.env.UV_THREADPOOL_SIZE ??= '8'

/** graphql-js looks at its own types more closely otherwise, for developers who have two copies of it: half a millisecond a request (measured). */
process.env.NODE_ENV ??= 'production'
