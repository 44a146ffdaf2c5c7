/** What `--help` says at its end, where grammar/node-command.ts does not write it: examples and exit codes. */
export const PROGRAM_EPILOGUE = `
Examples:
  kvorum serve                                one node on 127.0.0.1:6379
  kvorum serve --port 7000 --maxmemory 1gb
  kvorum serve --help                         every setting
  kvorum up                                   three nodes on this machine, to try a cluster
  kvorum status --port 7001                   who is in that node's cluster, and who is up
  kvorum nodes --port 7001                    how each of its nodes is, by its own word
  kvorum top --port 7001                      the cluster live in this terminal
  kvorum doctor --port 7001                   is anything wrong, and what to do
  kvorum cli --port 7001                      a prompt to it; kvorum cli GET k asks one command
  kvorum key cart:42 --port 7001              where a key lives, and what each replica has of it
  kvorum bench --port 7001                    put a load on it, and measure it
  kvorum repair --port 7001                   compare all copies now, and mend what differs
  kvorum join 127.0.0.1:17001 --port 7004 --data node-4
                                              one more node for that cluster
  kvorum leave 127.0.0.1:7003 --port 7001     take that node out of its cluster
  kvorum checkpoint                           a copy of all data of a running node
  kvorum inspect kvorum-data                  is what is on the disk whole?

Exit codes:
  0  all went well
  1  it could not be done: the port is taken, the disk is full
  2  it was asked wrongly: an unknown option, a bad setting
  3  doctor: something is to be mended`;

export const UP_EPILOGUE = `
Every other setting is passed on to each node, as in kvorum serve. Node 1 has its files in
DATA/node-1 and logs to DATA/node-1.log; nodes talk to each other on their port + 10000.

Prints "ready ADDRESS:PORT" on standard output for each node.

Examples:
  kvorum up
  kvorum up --nodes 5 --port 7101 --fsync always

Exit codes:
  0  stopped as asked
  1  a node could not start, or all have died
  2  asked wrongly: an unknown option, a bad setting`;

export const KEYSPACE_EPILOGUE = `
Examples:
  kvorum keyspace set sessions --ttl 30m --read one --write quorum
  kvorum keyspace set carts --conflict newest --port 7001
  kvorum keyspace list
  kvorum keyspace show sessions --json
  kvorum keyspace drop sessions

Exit codes:
  0  it is so
  1  it is not possible, or nobody has answered
  2  asked wrongly`;

export const INSPECT_EPILOGUE = `
Examples:
  kvorum inspect kvorum-data
  kvorum inspect kvorum-data/log/000007.log --rows

Exit codes:
  0  everything is sound
  1  something is damaged, or cannot be read
  2  asked wrongly`;

export const SERVE_EPILOGUE = `
Every setting can be given in three ways; the first beats the second, the second the third:
  on the command line   --max-clients 500
  in the environment    KVORUM_MAX_CLIENTS=500
  in a TOML file        max-clients = 500

Sizes are written 512, 64kb, 256mb, 1gb (as in Redis, k is 1000 and kb is 1024);
durations 500us, 10ms, 30s, 5m, 2h, 1d.

Prints "ready ADDRESS:PORT" on standard output once it accepts connections. Logs go to
standard error.

Examples:
  kvorum serve --maxmemory 256mb --eviction allkeys-lru
  KVORUM_PASSWORD=... kvorum serve --host 0.0.0.0
  kvorum serve --config kvorum.toml --port 7000

Exit codes:
  0  stopped as asked
  1  could not start or failed: the port is taken, the disk is full
  2  asked wrongly: an unknown option, a bad setting`;

const AS_SERVE = `
Every setting can be given as kvorum serve --help says. Its own peer port is its port + 10000,
if not told otherwise by --peer-port. kvorum status, asked of the others, shows how far it is.
`;

const SERVE_EXIT_CODES = `
Exit codes:
  0  stopped as asked
  1  could not start or failed: the port is taken, the disk is full
  2  asked wrongly: an unknown option, a bad setting`;

export const JOIN_EPILOGUE = `${AS_SERVE}
Examples:
  kvorum join 127.0.0.1:17001 --port 7004 --data node-4
  kvorum join 10.0.0.1:16379,10.0.0.2:16379 --host 10.0.0.4
${SERVE_EXIT_CODES}`;

export const REPLACE_EPILOGUE = `${AS_SERVE}
Examples:
  kvorum replace 70aa9443 10.0.0.1:16379 --host 10.0.0.4
${SERVE_EXIT_CODES}`;
