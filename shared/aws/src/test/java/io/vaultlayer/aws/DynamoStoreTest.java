package io.vaultlayer.aws;

import io.vaultlayer.core.port.Store;
import io.vaultlayer.testkit.suite.StoreListingSuite;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;

class DynamoStoreTest extends StoreListingSuite {
  @Override
  protected Store store() throws Exception {
    return new DynamoStore(
        Server.clients().dynamo(), pause -> LockSupport.parkNanos(pause.toNanos()));
  }

  @Override
  protected String emptyTable() throws Exception {
    return Tables.create(Server.clients().dynamo());
  }

  @AfterEach
  void dropTable() throws Exception {
    Server.clients().dynamo().deleteTable(request -> request.tableName(table));
  }
}
