// An embedded server in a process of its own, to be killed at any instant: `<dataDir>` in, its URL out.
import { buildKvsServer } from '../../src/kvs-server/server.js'

const [, , dataDir = ''] = process.argv
const server = await buildKvsServer({ dataDir, port: 0, quotas: false })
console.log(await server.listen())
