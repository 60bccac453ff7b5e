// Variables that Node and libraries read once, early. This module is imported first, for its effect. Values of the operator stay.

/**
 * libuv has four threads for disk access by default. An upload occupies three with syncs, and other reads and writes would wait for it. libuv
 * reads the variable when it needs the first thread, which is later than this.
 */
process.env.UV_THREADPOOL_SIZE ??= '8'

/** Otherwise graphql-js runs checks for developers on each request. */
process.env.NODE_ENV ??= 'production'
