import { describe, test } from '@jest/globals'

// Each name of such a test ends with its reason, so that a skipped test explains itself.

const isPosix = process.platform !== 'win32'
const isLinux = process.platform === 'linux'

/** For tests that need signals, modes of files, `sh` or `ulimit`. */
export const testOnPosix = isPosix ? test : test.skip
export const describeOnPosix = isPosix ? describe : describe.skip

/** For tests that read `/proc`. */
export const testOnLinux = isLinux ? test : test.skip
export const describeOnLinux = isLinux ? describe : describe.skip
