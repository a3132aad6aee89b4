package io.vaultlayer.local.template;

import io.vaultlayer.local.PlaneRefused;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/**
 * YAML as maps, lists, strings, booleans and longs, with CloudFormation's short tags and long forms
 * turned into {@link Intrinsic}s.
 */
final class YamlTree {
  private static final int MOST_BYTES = 4 << 20;
  private static final int DEEPEST = 60;

  /** What CloudFormation knows; which of them are honoured is {@link Intrinsics}'s to say. */
  private static final Set<String> FUNCTIONS =
      Set.of(
          "Base64",
          "Cidr",
          "FindInMap",
          "ForEach",
          "GetAtt",
          "GetAZs",
          "If",
          "ImportValue",
          "Join",
          "Length",
          "Select",
          "Split",
          "Sub",
          "ToJsonString",
          "Transform",
          "And",
          "Equals",
          "Not",
          "Or");

  private YamlTree() {}

  static Map<String, Object> read(Path file) {
    try {
      if (Files.size(file) > MOST_BYTES) {
        throw new PlaneRefused(
            "template", "reading " + file + ": larger than 4 MiB; this is no template");
      }
      return parse(Files.readString(file), file.toString());
    } catch (IOException e) {
      throw new PlaneRefused(
          "template", "reading " + file + ": " + e.getMessage() + "; check the installation", e);
    }
  }

  @SuppressWarnings("unchecked")
  static Map<String, Object> parse(String text, String label) {
    var settings =
        LoadSettings.builder()
            .setLabel(label)
            .setAllowDuplicateKeys(false)
            .setMaxAliasesForCollections(50)
            .setCodePointLimit(MOST_BYTES)
            .build();
    try {
      var node = new Compose(settings).composeString(text);
      if (node.isPresent() && value(node.get(), 0) instanceof Map<?, ?> map) {
        return (Map<String, Object>) map;
      }
    } catch (YamlEngineException e) {
      throw new PlaneRefused("template", "reading " + label + ": " + e.getMessage(), e);
    }
    throw new PlaneRefused("template", "reading " + label + ": a template is a mapping");
  }

  private static Object value(Node node, int depth) {
    if (depth > DEEPEST) {
      throw new PlaneRefused("template", "a template nests at most " + DEEPEST + " levels");
    }
    var tag = node.getTag().getValue();
    var plain =
        switch (node) {
          case ScalarNode scalar -> scalar(scalar);
          case SequenceNode list -> {
            var out = new ArrayList<Object>();
            for (var child : list.getValue()) {
              out.add(value(child, depth + 1));
            }
            yield List.copyOf(out);
          }
          case MappingNode map -> mapping(map, depth);
          default -> throw new PlaneRefused("template", "unexpected node at " + place(node));
        };
    if (!tag.startsWith("!")) {
      return plain;
    }
    var name = tag.substring(1);
    if (!name.equals("Ref") && !name.equals("Condition") && !FUNCTIONS.contains(name)) {
      throw new PlaneRefused("template", "unknown tag " + tag + " at " + place(node));
    }
    return new Intrinsic(name, plain);
  }

  private static Object mapping(MappingNode map, int depth) {
    var out = new LinkedHashMap<String, Object>();
    for (var entry : map.getValue()) {
      if (!(entry.getKeyNode() instanceof ScalarNode key)) {
        throw new PlaneRefused("template", "a key must be a text at " + place(map));
      }
      if (out.putIfAbsent(key.getValue(), value(entry.getValueNode(), depth + 1)) != null) {
        throw new PlaneRefused(
            "template", "the key " + key.getValue() + " stands twice at " + place(map));
      }
    }
    if (out.size() == 1) {
      var only = out.entrySet().iterator().next();
      if (only.getKey().equals("Ref")) {
        return new Intrinsic("Ref", only.getValue());
      }
      if (only.getKey().startsWith("Fn::")) {
        return new Intrinsic(only.getKey().substring(4), only.getValue());
      }
    }
    return out;
  }

  private static Object scalar(ScalarNode node) {
    if (!node.isPlain() || !node.getTag().getValue().startsWith(Tag.PREFIX)) {
      return node.getValue();
    }
    var tag = node.getTag();
    if (tag.equals(Tag.BOOL)) {
      return Boolean.valueOf(node.getValue());
    }
    if (tag.equals(Tag.INT)) {
      try {
        return Long.valueOf(node.getValue());
      } catch (NumberFormatException e) {
        return node.getValue();
      }
    }
    return node.getValue();
  }

  private static String place(Node node) {
    return node.getStartMark()
        .map(mark -> "line " + (mark.getLine() + 1))
        .orElse("an unknown line");
  }
}
