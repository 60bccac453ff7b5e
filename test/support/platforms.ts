import { describe, test } from '@jest/globals'

// The title of each such test ends with the reason, so that a skipped test explains itself.

const isPosix = process.platform !== 'win32'
const isLinux = process.platform === 'linux'

/** For tests that need signals, file modes, `sh` or `ulimit`. */
export const testOnPosix = isPosix ? test : test.skip
export const describeOnPosix = isPosix ? describe : describe.skip

/** For tests that read `/proc`. */
export const testOnLinux = isLinux ? test : test.skip
export const describeOnLinux = isLinux ? describe : describe.skip
