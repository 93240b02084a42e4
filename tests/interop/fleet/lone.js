// Three nodes and one Redis.

import { LoneRedis } from './redis.js'
import { trial } from './trial.js'

trial('sixty people lose nothing while a node, Redis and the database fail', LoneRedis, {
  'Redis was away': () => true
})
