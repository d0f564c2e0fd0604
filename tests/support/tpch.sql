-- The eight tables of TPC-H with their keys, and a few rows of each.
create table region (
    r_regionkey integer primary key,
    r_name char(25) not null,
    r_comment varchar(152)
);
create table nation (
    n_nationkey integer primary key,
    n_name char(25) not null,
    n_regionkey integer not null references region,
    n_comment varchar(152)
);
create table part (
    p_partkey bigint primary key,
    p_name varchar(55) not null,
    p_mfgr char(25) not null,
    p_brand char(10) not null,
    p_type varchar(25) not null,
    p_size integer not null,
    p_container char(10) not null,
    p_retailprice decimal(15, 2) not null,
    p_comment varchar(23) not null
);
create table supplier (
    s_suppkey bigint primary key,
    s_name char(25) not null,
    s_address varchar(40) not null,
    s_nationkey integer not null references nation,
    s_phone char(15) not null,
    s_acctbal decimal(15, 2) not null,
    s_comment varchar(101) not null
);
create table partsupp (
    ps_partkey bigint not null references part,
    ps_suppkey bigint not null references supplier,
    ps_availqty integer not null,
    ps_supplycost decimal(15, 2) not null,
    ps_comment varchar(199) not null,
    primary key (ps_partkey, ps_suppkey)
);
create table customer (
    c_custkey bigint primary key,
    c_name varchar(25) not null,
    c_address varchar(40) not null,
    c_nationkey integer not null references nation,
    c_phone char(15) not null,
    c_acctbal decimal(15, 2) not null,
    c_mktsegment char(10) not null,
    c_comment varchar(117) not null
);
create table orders (
    o_orderkey bigint primary key,
    o_custkey bigint not null references customer,
    o_orderstatus char(1) not null,
    o_totalprice decimal(15, 2) not null,
    o_orderdate date not null,
    o_orderpriority char(15) not null,
    o_clerk char(15) not null,
    o_shippriority integer not null,
    o_comment varchar(79) not null
);
create table lineitem (
    l_orderkey bigint not null references orders,
    l_partkey bigint not null,
    l_suppkey bigint not null,
    l_linenumber integer not null,
    l_quantity decimal(15, 2) not null,
    l_extendedprice decimal(15, 2) not null,
    l_discount decimal(15, 2) not null,
    l_tax decimal(15, 2) not null,
    l_returnflag char(1) not null,
    l_linestatus char(1) not null,
    l_shipdate date not null,
    l_commitdate date not null,
    l_receiptdate date not null,
    l_shipinstruct char(25) not null,
    l_shipmode char(10) not null,
    l_comment varchar(44) not null,
    primary key (l_orderkey, l_linenumber),
    foreign key (l_partkey, l_suppkey) references partsupp
);

insert into region values (0, 'AFRICA', 'dry'), (3, 'EUROPE', null);
insert into nation values (7, 'GERMANY', 3, 'l''été'), (6, 'FRANCE', 3, null), (5, 'ETHIOPIA', 0, '');
insert into part values
    (1, 'goldenrod lavender', 'Manufacturer#1', 'Brand#13', 'PROMO BURNISHED COPPER', 7, 'JUMBO PKG', 901.00, 'final'),
    (2, 'blush thistle', 'Manufacturer#1', 'Brand#13', 'LARGE BRUSHED BRASS', 1, 'LG CASE', 902.00, 'even');
insert into supplier values
    (1, 'Supplier#000000001', 'N kD4on9OM', 7, '27-918-335-1736', 5755.94, 'each slyly'),
    (2, 'Supplier#000000002', '89eJ5ksX3', 6, '15-679-861-2259', -4032.68, 'slyly bold');
insert into partsupp values (1, 1, 3325, 771.64, 'even'), (1, 2, 8076, 993.49, 'ven'), (2, 2, 3956, 337.09, 'after');
insert into customer values
    (1, 'Customer#000000001', 'IVhzIApeRb', 7, '25-989-741-2988', 711.56, 'BUILDING', 'to the even'),
    (2, 'Customer#000000002', 'XSTf4,NCwD', 6, '23-768-687-3665', 121.65, 'AUTOMOBILE', 'l accounts');
insert into orders values
    (1, 1, 'O', 173665.47, '1996-01-02', '5-LOW', 'Clerk#000000951', 0, 'nstructions'),
    (32, 2, 'O', 208660.75, '1995-07-16', '2-HIGH', 'Clerk#000000616', 0, 'ise blithely');
insert into lineitem values
    (1, 1, 1, 1, 17, 21168.23, 0.04, 0.02, 'N', 'O', '1996-03-13', '1996-02-12', '1996-03-22', 'DELIVER IN PERSON',
     'TRUCK', 'egular courts'),
    (1, 2, 2, 2, 36, 45983.16, 0.09, 0.06, 'N', 'O', '1996-04-12', '1996-02-28', '1996-04-20', 'TAKE BACK RETURN',
     'MAIL', 'ly final'),
    (32, 1, 2, 1, 28, 47227.60, 0.05, 0.08, 'N', 'O', '1995-10-23', '1995-08-27', '1995-10-26', 'NONE', 'REG AIR',
     'sleep');
