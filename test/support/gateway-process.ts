// A gateway in a separate process, with the memory limit of its parent. It reads the URL of a KVS and a data folder, and prints its own
// URL.
import { parseConfig } from '../../src/config/config.js'
import { buildGateway } from '../../src/gateway.js'
import { TEST_SECRETS } from './gateway-test.js'

const [, , embeddedKvsUrl = '', dataDir = ''] = process.argv
const config = parseConfig({ ...process.env, PORT: '0', KVS_QUOTAS: 'off', DATA_DIR: dataDir })
const secrets = { clipUrlSecrets: TEST_SECRETS, kvsAccessKeys: [] }
const gateway = await buildGateway(config, secrets, { embeddedKvsUrl })
console.log(await gateway.listen())
