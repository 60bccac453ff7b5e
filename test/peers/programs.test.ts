import { expect, test } from '@jest/globals'
import { findPeer, PEER_NAMES } from '../support/peer-programs.js'

test.each(PEER_NAMES)('%s is installed', async (name) => {
  const { path, version } = await findPeer(name)
  process.stderr.write(`${name}: ${path} (${version})\n`)
  expect(version).not.toBe('')
})
