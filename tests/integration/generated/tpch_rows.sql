-- A few rows of each table of tests/support/tpch.sql.
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
