// An embedded server in a separate process that can be killed at any instant. It takes `<dataDir>` and prints its URL.
import { buildKvsServer } from '../../src/kvs-server/server.js'

const [, , dataDir = ''] = process.argv
const server = await buildKvsServer({ dataDir, port: 0, quotas: false })
console.log(await server.listen())
