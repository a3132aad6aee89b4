package io.vaultlayer.agent.attempt;

import io.vaultlayer.agent.host.ProcessTree;
import io.vaultlayer.agent.lease.Clocks;
import io.vaultlayer.agent.note.AgentLog;
import io.vaultlayer.agent.work.InstanceDir;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * What all attempts on one instance share.
 *
 * @param environment of the agent itself
 */
public record Host(
    InstanceDir places,
    String label,
    ProcessTree tree,
    Inbox inbox,
    AgentState state,
    Clocks clocks,
    RandomGenerator chance,
    Map<String, String> environment,
    AgentLog log) {}
