/** @module The `pithead` command: the list of subcommands, and the exit code of the one that was called. */
import {auditCommand} from './cli/audit.js';
import {dispatch} from './cli/dispatch.js';
import {initCommand} from './cli/init.js';
import {keygenCommand} from './cli/keygen.js';
import {loadCommand} from './cli/load.js';
import {rpcCommand} from './cli/rpc.js';
import {startCommand} from './cli/start.js';
import {flightCommand} from './cli/flight.js';
import {simCommand} from './cli/sim.js';
import {verifyCommand} from './cli/verify.js';
import {verifyShareCommand} from './cli/verify-share.js';
import {versionCommand} from './cli/version.js';
import {walletCommand} from './cli/wallet.js';

process.exitCode = await dispatch(process.argv.slice(2), [
  startCommand, initCommand, rpcCommand, keygenCommand, loadCommand, verifyCommand, auditCommand, verifyShareCommand, walletCommand, flightCommand,
  simCommand, versionCommand,
]);
